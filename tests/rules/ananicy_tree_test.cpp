// SPDX-License-Identifier: GPL-3.0-or-later
/// Every rule of a tree gives what it and its type say, read as it is and after its conversion. What they say is told
/// by another reader, nlohmann-json, so that the two can disagree. The tree of the tests, and where one lies beside the
/// checkout a real catalogue.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/ananicy/catalogue.hpp"
#include "core/ananicy/toml_text.hpp"
#include "core/decide.hpp"
#include "core/policy_reading.hpp"
#include "kernel/accounts.hpp"
#include "kernel/policy_folders.hpp"

using namespace priorityd;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// A rule as the other reader understands it.
struct Said {
    std::string place;  ///< FILE:LINE.
    Json rule;
};

/// All lines with a key, by its value; a later line takes the place of an earlier one.
using SaidBy = std::map<std::string, Said>;

std::string text_of(const fs::path& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// From the first brace to the last one that makes it JSON.
std::optional<Json> object_in(const std::string& line)
{
    const auto begin = line.find('{');
    if (begin == std::string::npos || line.find('#') < begin)
        return std::nullopt;
    for (auto end = line.rfind('}'); end != std::string::npos && end > begin; end = line.rfind('}', end - 1)) {
        auto text = line.substr(begin, end - begin + 1);
        if (const auto comma = text.rfind(", }"); comma != std::string::npos && comma + 3 == text.size())
            text.erase(comma, 1);
        auto object = Json::parse(text, nullptr, false);
        if (object.is_object())
            return object;
    }
    return std::nullopt;
}

struct SaidTree {
    SaidBy rules, types, groups;

    explicit SaidTree(const fs::path& folder)
    {
        std::vector<fs::path> files;
        std::ranges::copy_if(fs::recursive_directory_iterator{folder}, std::back_inserter(files),
                             [](const auto& entry) { return entry.is_regular_file(); });
        std::ranges::sort(files);
        for (const auto& file : files)
            read(file);
    }

private:
    void read(const fs::path& file)
    {
        std::istringstream lines{text_of(file)};
        int number = 0;
        for (std::string line; std::getline(lines, line);) {
            ++number;
            const auto object = object_in(line);
            if (!object)
                continue;
            for (const auto& [key, into] : {std::pair{"name", &rules}, {"type", &types}, {"cgroup", &groups}}) {
                if (object->contains(key)) {
                    (*into)[object->at(key).get<std::string>()] = {fmt::format("{}:{}", file.string(), number),
                                                                   *object};
                    break;
                }
            }
        }
    }
};

std::string io_text(const Json& rule)
{
    const auto io_class = rule.value("ioclass", "best-effort");
    return io_class == "idle" || io_class == "none" ? io_class
                                                    : fmt::format("{}/{}", io_class, rule.value("ionice", 4));
}

std::string sched_text(const Json& rule)
{
    const auto sched = rule.at("sched").get<std::string>();
    if (sched == "rr" || sched == "fifo")
        return fmt::format("{}/{}", sched, rule.value("rtprio", 1));
    return sched == "normal" ? "other" : sched;
}

/// "nice=5 io=idle": what the rule and its type come to, in the order of priorityd's settings.
std::string meaning(const Said& said, const SaidTree& tree)
{
    const auto type = tree.types.find(said.rule.value("type", ""));
    Json rule = type == tree.types.end() ? Json::object() : type->second.rule;
    rule.merge_patch(said.rule);
    std::string text;
    const auto add = [&](std::string_view name, const std::string& value) {
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
    };
    if (rule.contains("nice"))
        add("nice", fmt::format("{}", rule.at("nice").get<int>()));
    if (rule.contains("sched"))
        add("sched", sched_text(rule));
    if (rule.contains("ioclass") || rule.contains("ionice"))
        add("io", io_text(rule));
    if (const auto group = tree.groups.find(rule.value("cgroup", ""));
        group != tree.groups.end() && group->second.rule.contains("CPUWeight"))
        add("cpu_weight", group->second.rule.at("CPUWeight").dump());
    if (rule.contains("cpuset"))
        add("cpus", rule.at("cpuset").get<std::string>());
    if (rule.contains("oom_score_adj"))
        add("oom_score_adj", rule.at("oom_score_adj").dump());
    return text;
}

std::string settings_text(const SettingMap& settings)
{
    std::string text;
    for (const auto& [setting, value] : settings)
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", info(setting).name, to_text(value));
    return text;
}

std::vector<PolicyFile> files_of(const fs::path& folder)
{
    kernel::PolicySources sources;
    sources.ananicy = {kernel::PolicyPlaces::Origin::given, {folder}};
    return kernel::read_policy_files(sources);
}

/// Null, and the test fails, when it cannot be used.
std::shared_ptr<const Policy> policy_of(const std::vector<PolicyFile>& files)
{
    auto reading = read_policy(files, kernel::SystemAccounts{});
    for (const auto& diagnostic : reading.diagnostics)
        CHECK_MESSAGE(diagnostic.level == Diagnostic::Level::warning, diagnostic.to_text());
    return reading.policy ? std::make_shared<const Policy>(*std::move(reading.policy)) : nullptr;
}

std::string converted(const fs::path& folder)
{
    ananicy::Tree tree;
    Diagnostics losses;
    std::vector<ananicy::SourceFile> sources;
    for (const auto& file : files_of(folder)) {
        sources.push_back({static_cast<std::uint32_t>(sources.size()), file.path});
        if (file.kind == PolicyFile::Kind::ananicy)
            ananicy::read_lines(sources.back(), file.text, tree, losses);
    }
    const auto catalogue = ananicy::make_catalogue(
        std::move(tree), sources, [](const std::string&) { return false; }, losses);
    return ananicy::toml_text(catalogue, sources, folder.string(), losses);
}

/// Asks about a program of each name. Rules that say nothing are told otherwise, so they are none.
void check_every_rule(const SaidTree& tree, const std::shared_ptr<const Policy>& policy)
{
    REQUIRE(policy);
    CHECK(!tree.rules.empty());
    const Layers layers{.policy = policy};
    for (const auto& rule : tree.rules) {
        const auto& name = rule.first;
        const auto& said = rule.second;
        const auto wanted = meaning(said, tree);
        const auto explanation = classify(layers, {.name = name});
        CHECK_MESSAGE(settings_text(explanation.process.settings) == wanted, said.place);
        const auto type = said.rule.value("type", "");
        CHECK_MESSAGE(explanation.process.class_name == (tree.types.contains(type) ? type : ""), said.place);
        for (const auto& row : explanation.rows)
            CHECK_MESSAGE((!row.effective || row.source.find(said.place) != std::string::npos), row.source);
        CHECK_MESSAGE((wanted.empty() || !explanation.rows.empty()), said.place);
    }
}

void check_tree(const fs::path& folder)
{
    const SaidTree tree{folder};
    SUBCASE("as it is")
    {
        check_every_rule(tree, policy_of(files_of(folder)));
    }
    SUBCASE("after its conversion")
    {
        check_every_rule(tree, policy_of({{PolicyFile::Kind::rules, "converted.toml", converted(folder), ""}}));
    }
}

}  // namespace

TEST_CASE("every rule of the tests' tree gives what it and its type say")
{
    check_tree(ANANICY_TREE);
}

TEST_CASE("every rule of a real catalogue gives what it and its type say")
{
    const fs::path folder{REAL_ANANICY_TREE};
    if (!fs::exists(folder)) {
        std::printf("SKIP: a real catalogue: there is none in %s\n", folder.c_str());
        return;
    }
    check_tree(folder);
}
