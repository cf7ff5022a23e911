// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl user-rules: hands the caller's own rules to the daemon, which never opens a file in a home.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/readable.hpp"
#include "cli/json.hpp"
#include "cli/password_agent.hpp"
#include "cli/verbs.hpp"
#include "kernel/policy_folders.hpp"

namespace priorityd::cli {
namespace {

namespace fs = std::filesystem;

using Files = std::vector<std::pair<std::string, std::string>>;

/// What the daemon takes of one user, names and texts together.
constexpr std::size_t kMostBytes = 256UL * 1024;

/// Empty when nobody says where that is.
fs::path own_rules_folder()
{
    const char* configuration = std::getenv("XDG_CONFIG_HOME");
    // A relative path is to be ignored. Source: XDG Base Directory Specification.
    if (configuration && *configuration == '/')
        return fs::path{configuration} / "priorityd/rules.d";
    const char* home = std::getenv("HOME");
    return home && *home == '/' ? fs::path{home} / ".config/priorityd/rules.d" : fs::path{};
}

/// Empty when the file can be sent: D-Bus carries UTF-8, and TOML has no control characters but blanks and line ends.
std::string refusal(const PolicyFile& file, const std::string& name)
{
    if (!file.error.empty())
        return file.error;
    if (bus::readable(name) != name)
        return "give the file a name in UTF-8 without control characters";
    std::string text = file.text;
    std::ranges::replace_if(
        text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return bus::readable(text) == text ? "" : "is no UTF-8 text; write it anew with an editor";
}

/// What is there, in the order of names; else the exit status, and the error has been printed.
tl::expected<Files, ExitStatus> read_files(const kernel::PolicyPlaces& places)
{
    Files files;
    std::size_t bytes = 0;
    const kernel::PolicySources sources{.settings = {}, .settings_folders = {}, .rules = places};
    for (PolicyFile& file : kernel::read_policy_files(sources)) {
        std::string name = fs::path{file.path}.filename().string();
        if (const std::string why = refusal(file, name); !why.empty())
            return tl::unexpected{fail(ExitStatus::refused, fmt::format("{}: {}", file.path, why))};
        bytes += name.size() + file.text.size();
        files.emplace_back(std::move(name), std::move(file.text));
    }
    if (bytes > kMostBytes)
        return tl::unexpected{
            fail(ExitStatus::refused,
                 fmt::format("the rules are {} KiB long in all, and a user may have {} KiB: take some away",
                             (bytes + 1023) / 1024, kMostBytes / 1024))};
    return files;
}

void print_done(const Context& context, const Files& files, const bus::Reloaded& answer)
{
    if (context.is_json()) {
        Json names = Json::array();
        for (const auto& file : files)
            names.push_back(file.first);
        print_json({{"files", names}, {"rules", answer.rules}, {"diagnostics", answer.diagnostics}});
        return;
    }
    for (const std::string& diagnostic : answer.diagnostics)
        print(bus::readable(diagnostic) + "\n");
    if (files.empty())
        print("no rules of your own are in force: there were none to hand over\n");
    else
        print(fmt::format("{} of your own in force\n", counted(answer.rules, "rule")));
}

ExitStatus hand_over(const Context& context, const kernel::PolicyPlaces& places)
{
    const auto files = read_files(places);
    if (!files)
        return files.error();
    auto client = connect(context);
    if (!client)
        return client.error();
    const PasswordAgent agent{context};
    const auto answer = client->use_user_rules(*files);
    if (!answer)
        return fail(answer.error());
    print_done(context, *files, *answer);
    return ExitStatus::done;
}

ExitStatus user_rules(const Context& context, const std::string& folder)
{
    using Origin = kernel::PolicyPlaces::Origin;
    if (!folder.empty())
        return hand_over(context, {Origin::given, {folder}});
    const fs::path own = own_rules_folder();
    if (own.empty())
        return fail(ExitStatus::refused, "neither XDG_CONFIG_HOME nor HOME says where your rules are: name the folder");
    return hand_over(context, {Origin::standard, {own}});
}

}  // namespace

Run add_user_rules(CLI::App& verb)
{
    const auto folder = std::make_shared<std::string>();
    verb.add_option("DIR", *folder, "The folder; by default ~/.config/priorityd/rules.d")->type_name("");
    verb.footer(
        "Sends all *.toml of the folder, in the order of their names; they take the place of those sent before. An\n"
        "empty folder, or none, takes them back. They count for your own processes only, within what you may do.");
    return [folder](const Context& context) { return user_rules(context, *folder); };
}

}  // namespace priorityd::cli
