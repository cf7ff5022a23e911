// SPDX-License-Identifier: GPL-3.0-or-later
/// Classes, rules and overlays from TOML.
#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/cgroup_path.hpp"
#include "core/policy_builder.hpp"
#include "core/toml/limits_toml.hpp"
#include "core/toml/policy_toml.hpp"
#include "core/toml/reader.hpp"

namespace priorityd {
namespace {

/// Like the matching key `arg`, but a list of it means all and not any.
constexpr std::string_view kAllArgs = "args";

constexpr const char* kOverlayExample = "[profile.battery], and below it [profile.battery.class.build]";

/// The class is a key of the class table itself, or stands beside [rule.set].
TomlReader::KnownSettings settings_but_class()
{
    return setting_table().subspan<1>();
}

std::vector<std::string_view> not_keys()
{
    auto words = match_key_names();
    words.push_back(kAllArgs);
    return words;
}

std::vector<std::string_view> rule_keys()
{
    auto words = not_keys();
    words.insert(words.end(), {"class", "set", "not", "origin"});
    return words;
}

/// Reads one rule file into a builder.
class RuleFile {
public:
    RuleFile(std::uint32_t number, TomlReader& reader, PolicyBuilder& builder, const Accounts& accounts)
        : number_{number}, reader_{reader}, builder_{builder}, accounts_{accounts}
    {
    }

    void read(const toml::table& root);

private:
    using Key = toml::key;

    void read_rules(const toml::node& node);
    void read_class(const Key& key, const toml::node& node);
    void read_overlay(const Key& key, const toml::node& node);
    void read_overlay_class(const Key& key, const toml::node& node, OverlayDraft& draft);
    void read_program(const Key& key, const toml::node& node);
    void read_program_key(const Key& key, const toml::node& node, RuleDraft& draft);
    void read_rule(const toml::node& node);
    void read_rule_key(const Key& key, const toml::node& node, RuleDraft& draft);
    void read_match_key(const Key& key, const toml::node& node, Condition& into);
    void read_exceptions(const toml::node& node, Condition& into);
    void read_exception(const toml::node& node, Condition& into);
    void read_origin(const toml::node& node, RuleDraft& draft);
    void check_rule(const toml::node& node, const RuleDraft& draft);
    [[nodiscard]] Place place(const toml::source_region& where) const { return {number_, where.begin.line}; }

    std::uint32_t number_;
    TomlReader& reader_;
    PolicyBuilder& builder_;
    const Accounts& accounts_;
    std::vector<RuleDraft> drafts_;
};

void RuleFile::read(const toml::table& root)
{
    const auto read_classes = [this](const toml::node& node) {
        reader_.read_each(node, "class", "[class.media]", [this](auto& key, auto& value) { read_class(key, value); });
    };
    const auto read_programs = [this](const toml::node& node) {
        reader_.read_each(node, "programs", "[programs]", [this](auto& key, auto& value) { read_program(key, value); });
    };
    const auto read_overlays = [this](const toml::node& node) {
        reader_.read_each(node, "profile", kOverlayExample,
                          [this](auto& key, auto& value) { read_overlay(key, value); });
    };
    const std::array<TomlReader::Entry, 4> entries{{
        {"class", read_classes},
        {"profile", read_overlays},
        {"programs", read_programs},
        {"rule", [this](const toml::node& node) { read_rules(node); }},
    }};
    reader_.read_table(root, "a rule file", entries);
    // toml++ hands out keys by name; what counts is where they stand.
    std::ranges::stable_sort(drafts_, {}, [](const RuleDraft& draft) { return draft.place.line; });
    for (auto& draft : drafts_)
        builder_.add_rule(std::move(draft));
}

void RuleFile::read_rules(const toml::node& node)
{
    const auto* rules = node.as_array();
    if (!rules || !std::ranges::all_of(*rules, [](const toml::node& n) { return n.is_table(); }))
        return reader_.error(node.source(), fmt::format("rule is {}: write each rule below [[rule]]", type_name(node)));
    for (const auto& rule : *rules)
        read_rule(rule);
}

void RuleFile::read_class(const Key& key, const toml::node& node)
{
    const auto* entries = reader_.table(node, key.str(), "[class.media]");
    if (!entries)
        return;
    ProgramClass program_class{
        .name = std::string{key.str()}, .description = {}, .settings = {}, .place = place(key.source())};
    for (const auto& [entry, value] : *entries) {
        if (entry.str() == "description")
            program_class.description = reader_.text(value, "description").value_or("");
        else
            reader_.read_setting(entry, value, fmt::format("class \"{}\"", key.str()), settings_but_class(),
                                 program_class.settings);
    }
    reader_.check_together(node, program_class.settings);
    builder_.define_class(std::move(program_class));
}

void RuleFile::read_overlay(const Key& key, const toml::node& node)
{
    OverlayDraft draft{.name = std::string{key.str()}, .description = {}, .place = place(key.source())};
    if (!is_overlay_name(draft.name))
        return reader_.error(key.source(),
                             fmt::format("\"{}\" is no name for a profile: write 1 to 64 of the letters a to "
                                         "z, digits and -, but neither \"auto\" nor \"none\"",
                                         draft.name));
    const auto* table = reader_.table(node, draft.name, kOverlayExample);
    if (!table)
        return;
    const auto in = fmt::format("[profile.{}", draft.name);
    const auto read_classes = [&](const toml::node& value) {
        reader_.read_each(value, "class", in + ".class.build]",
                          [&](auto& name, auto& settings) { read_overlay_class(name, settings, draft); });
    };
    const std::array<TomlReader::Entry, 3> entries{{
        {"description",
         [&](const toml::node& value) { draft.description = reader_.text(value, "description").value_or(""); }},
        {"class", read_classes},
        {"limits", [&](const toml::node& value) { read_limits(reader_, value, in + ".limits]", draft.limits); }},
    }};
    reader_.read_table(*table, in + "]", entries);
    builder_.define_overlay(std::move(draft));
}

/// Each value keeps its place, since explain names it.
void RuleFile::read_overlay_class(const Key& key, const toml::node& node, OverlayDraft& draft)
{
    const auto in = fmt::format("[profile.{}.class.{}]", draft.name, key.str());
    const auto* entries = reader_.table(node, key.str(), in);
    if (!entries)
        return;
    OverlayDraft::ForClass part{.class_name = std::string{key.str()},
                                .place = place(key.source()),
                                .column = key.source().begin.column,
                                .entries = {}};
    SettingMap together;
    for (const auto& [entry, value] : *entries) {
        SettingMap read;
        reader_.read_setting(entry, value, in, settings_but_class(), read);
        for (const auto& [setting, its_value] : read) {
            part.entries.push_back({setting, its_value, place(entry.source())});
            together.set(setting, its_value);
        }
    }
    if (entries->empty())
        reader_.error(node.source(), fmt::format("{} is empty: name a setting or leave the table out", in));
    reader_.check_together(node, together);
    draft.classes.push_back(std::move(part));
}

void RuleFile::read_program(const Key& key, const toml::node& node)
{
    if (key.str().empty() || key.str().find('\0') != std::string_view::npos || key.str().size() > kLongestPattern)
        return reader_.error(key.source(), "a program's name must have 1 to 4096 bytes and no NUL");
    if (key.str().find('/') != std::string_view::npos)
        return reader_.error(
            key.source(),
            fmt::format("\"{}\" is a path: names in [programs] have no slash; write a [[rule]] with exe = \"{}\"",
                        key.str(), key.str()));
    RuleDraft draft{
        .place = place(key.source()), .column = node.source().begin.column, .exact_name = std::string{key.str()}};
    if (const auto* entries = node.as_table()) {
        for (const auto& [entry, value] : *entries)
            read_program_key(entry, value, draft);
    } else {
        draft.class_name = reader_.text(node, key.str()).value_or("");
    }
    if (!draft.class_name.empty())
        drafts_.push_back(std::move(draft));
    else if (node.is_table())
        reader_.error(node.source(), fmt::format("{}: name its class: {{ class = \"…\" }}", key.str()));
}

void RuleFile::read_program_key(const Key& key, const toml::node& node, RuleDraft& draft)
{
    if (key.str() == "class")
        draft.class_name = reader_.text(node, "class").value_or("");
    else if (key.str() == "origin")
        read_origin(node, draft);
    else
        reader_.unknown_key(key, "a program's table", {"class", "origin"});
}

/// A place may lie in a file that is not there any more, so nothing but its form can be looked at.
void RuleFile::read_origin(const toml::node& node, RuleDraft& draft)
{
    const auto text = reader_.text(node, "origin");
    if (!text)
        return;
    const auto colon = text->rfind(':');
    std::uint32_t line = 0;
    const char* end = text->data() + text->size();
    const char* digits = colon == std::string::npos ? end : text->data() + colon + 1;
    const auto [rest, error] = std::from_chars(digits, end, line);
    if (error != std::errc{} || rest != end || line == 0 || colon == 0)
        return reader_.error(node.source(), "origin: expected the place that the rule comes from, \"FILE:LINE\"");
    draft.origin = Place{.file = builder_.add_origin_file(text->substr(0, colon)), .line = line};
}

void RuleFile::read_rule(const toml::node& node)
{
    RuleDraft draft{.place = place(node.source()), .column = node.source().begin.column};
    for (const auto& [key, value] : *node.as_table())
        read_rule_key(key, value, draft);
    std::ranges::sort(draft.condition.all_of, {}, &Term::key);
    check_rule(node, draft);
    drafts_.push_back(std::move(draft));
}

void RuleFile::read_rule_key(const Key& key, const toml::node& node, RuleDraft& draft)
{
    if (key.str() == "class") {
        draft.class_name = reader_.text(node, "class").value_or("");
        draft.column = node.source().begin.column;
    } else if (key.str() == "set") {
        reader_.read_settings(node, "[rule.set]", settings_but_class(), draft.settings);
    } else if (key.str() == "not") {
        read_exceptions(node, draft.condition);
    } else if (key.str() == "origin") {
        read_origin(node, draft);
    } else if (find_match_key(key.str()) || key.str() == kAllArgs) {
        read_match_key(key, node, draft.condition);
    } else if (find_setting(key.str())) {
        reader_.error(key.source(), fmt::format("\"{}\" is a setting: it belongs below [rule.set]", key.str()));
    } else {
        reader_.unknown_key(key, "a rule", rule_keys());
    }
}

void RuleFile::check_rule(const toml::node& node, const RuleDraft& draft)
{
    const auto* entries = node.as_table();
    const auto is_there = [&](std::string_view key) { return entries->contains(key); };
    if (draft.condition.all_of.empty() && std::ranges::none_of(not_keys(), is_there))
        reader_.error(node.source(), R"(a rule without a matching key: add one, name = "*" for every program)");
    if (!entries->contains("class") && !entries->contains("set"))
        reader_.error(node.source(), "a rule that gives nothing: add class = \"…\" or a [rule.set] table");
}

void RuleFile::read_match_key(const Key& key, const toml::node& node, Condition& into)
{
    if (key.str() != kAllArgs)
        return reader_.read_match_key(*find_match_key(key.str()), node, accounts_, into);
    const auto& arg = *find_match_key("arg");
    const auto* list = node.as_array();
    if (!list || list->empty())
        return reader_.error(node.source(), "args: expected a list of patterns; for one argument, write arg = \"…\"");
    for (const auto& element : *list)
        reader_.read_match_key(arg, element, accounts_, into);
}

void RuleFile::read_exceptions(const toml::node& node, Condition& into)
{
    if (const auto* list = node.as_array()) {
        for (const auto& element : *list)
            read_exception(element, into);
    } else {
        read_exception(node, into);
    }
}

void RuleFile::read_exception(const toml::node& node, Condition& into)
{
    const auto* entries = reader_.table(node, "not", R"(not = { user = "root" })");
    if (!entries)
        return;
    Condition exception;
    for (const auto& [key, value] : *entries) {
        if (find_match_key(key.str()) || key.str() == kAllArgs)
            read_match_key(key, value, exception);
        else
            reader_.unknown_key(key, "not", not_keys());
    }
    std::ranges::sort(exception.all_of, {}, &Term::key);
    if (exception.all_of.empty())
        return reader_.error(node.source(), "not: an empty table excludes nothing; leave it out");
    into.except.push_back(std::move(exception));
}

}  // namespace

void read_rules_toml(std::uint32_t file, const std::string& path, std::string_view text, const Accounts& accounts,
                     PolicyBuilder& builder, Diagnostics& diagnostics)
{
    TomlReader reader{path, diagnostics};
    if (const auto root = reader.parse(text))
        RuleFile{file, reader, builder, accounts}.read(*root);
}

}  // namespace priorityd
