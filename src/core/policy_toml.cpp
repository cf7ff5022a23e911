// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/policy_toml.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "core/nearest.hpp"
#include "core/policy_builder.hpp"
#include "core/text.hpp"

namespace priorityd {
namespace {

using Words = std::vector<std::string_view>;

/// Names in rules are compared with names of files, which are shorter than this on every file system. Source: limits.h,
/// NAME_MAX; a path may be longer.
constexpr std::size_t kLongestPattern = 4096;

std::string_view type_name(const toml::node& node)
{
    constexpr std::array<std::string_view, 10> kNames{"nothing",        "a table",        "an array",      "text",
                                                      "a whole number", "a fraction",     "true or false", "a date",
                                                      "a time",         "a date and time"};
    return kNames.at(static_cast<std::size_t>(node.type()));
}

/// Reads one file: what all its tables have in common.
class TomlFile {
public:
    TomlFile(std::uint32_t number, std::string path, PolicyBuilder& builder, const Accounts& accounts,
             Diagnostics& diagnostics)
        : number_{number}, path_{std::move(path)}, builder_{builder}, accounts_{accounts}, diagnostics_{diagnostics}
    {
    }

    void read_rules(const toml::table& root);
    void read_settings(const toml::table& root, Settings& settings);
    void error(const toml::source_region& where, std::string_view what)
    {
        report(Diagnostic::Level::error, where, what);
    }

private:
    using Key = toml::key;
    /// What to do with the value of one key.
    struct Entry {
        std::string_view name;
        std::function<void(const toml::node&)> read;
    };

    void warn(const toml::source_region& where, std::string_view what)
    {
        report(Diagnostic::Level::warning, where, what);
    }
    void report(Diagnostic::Level level, const toml::source_region& where, std::string_view what);
    void unknown_key(const Key& key, std::string_view in, const Words& known);

    /// Hands each key of `table` to its entry; others are reported with the nearest known one.
    void read_table(const toml::table& table, std::string_view in, std::span<const Entry> entries);
    void read_class(const Key& key, const toml::node& node);
    void read_program(const Key& key, const toml::node& node);
    void read_rule(const toml::node& node);
    void read_rule_key(const Key& key, const toml::node& node, RuleDraft& draft);
    void read_match_key(const MatchKeyInfo& key, const toml::node& node, Condition& into);
    void read_exceptions(const toml::node& node, Condition& into);
    void read_exception(const toml::node& node, Condition& into);
    void read_setting(const Key& key, const toml::node& node, std::string_view in, SettingMap& into);
    void read_settings_table(const toml::node& node, std::string_view in, SettingMap& into);
    void check_together(const toml::node& node, const SettingMap& settings);
    void check_rule(const toml::node& node, const RuleDraft& draft);
    std::optional<std::string> pattern_text(const toml::node& node, std::string_view key);
    std::optional<std::string> text(const toml::node& node, std::string_view key);
    void flag(const toml::node& node, std::string_view key, bool& into);
    const toml::table* table(const toml::node& node, std::string_view key, std::string_view example);
    [[nodiscard]] Place place(const toml::source_region& where) const { return {number_, where.begin.line}; }

    std::uint32_t number_;
    std::string path_;
    PolicyBuilder& builder_;
    const Accounts& accounts_;
    Diagnostics& diagnostics_;
    std::vector<RuleDraft> drafts_;
};

Words setting_names()
{
    Words names;
    for (const auto& row : setting_table().subspan<1>())  // without the class, which has a key of its own
        names.push_back(row.name);
    return names;
}

Words match_key_names()
{
    Words names;
    for (const auto& row : match_key_table())
        names.push_back(row.name);
    return names;
}

Words rule_keys()
{
    Words words = match_key_names();
    words.insert(words.end(), {"class", "set", "not"});
    return words;
}

std::optional<RawValue> raw_value(const toml::node& node)
{
    if (const auto* number = node.as_integer())
        return RawValue{number->get()};
    if (const auto* string = node.as_string())
        return RawValue{string->get()};
    return std::nullopt;
}

/// What a file says may hold anything, so all that is said of it is made safe to show here.
void TomlFile::report(Diagnostic::Level level, const toml::source_region& where, std::string_view what)
{
    diagnostics_.push_back(
        {.level = level, .file = path_, .line = where.begin.line, .column = where.begin.column, .what = escaped(what)});
}

void TomlFile::unknown_key(const Key& key, std::string_view in, const Words& known)
{
    error(key.source(), fmt::format("unknown key \"{}\" in {}{}", key.str(), in, suggestion(key.str(), known)));
}

void TomlFile::read_table(const toml::table& table, std::string_view in, std::span<const Entry> entries)
{
    Words known;
    for (const auto& entry : entries)
        known.push_back(entry.name);
    for (const auto& [key, node] : table) {
        const auto entry = std::ranges::find(entries, key.str(), &Entry::name);
        if (entry == entries.end())
            unknown_key(key, in, known);
        else
            entry->read(node);
    }
}

void TomlFile::read_rules(const toml::table& root)
{
    const std::array<Entry, 3> entries{
        Entry{"class",
              [&](const toml::node& node) {
                  if (const auto* classes = table(node, "class", "[class.media]")) {
                      for (const auto& [key, value] : *classes)
                          read_class(key, value);
                  }
              }},
        Entry{"programs",
              [&](const toml::node& node) {
                  if (const auto* programs = table(node, "programs", "[programs]")) {
                      for (const auto& [key, value] : *programs)
                          read_program(key, value);
                  }
              }},
        Entry{"rule",
              [&](const toml::node& node) {
                  const auto* rules = node.as_array();
                  if (!rules || !std::ranges::all_of(*rules, [](const toml::node& n) { return n.is_table(); }))
                      return error(node.source(),
                                   fmt::format("rule is {}: write each rule below [[rule]]", type_name(node)));
                  for (const auto& rule : *rules)
                      read_rule(rule);
              }},
    };
    read_table(root, "a rule file", entries);
    // toml++ hands out keys by name; what counts is where they stand.
    std::ranges::stable_sort(drafts_, {}, [](const RuleDraft& draft) { return draft.place.line; });
    for (auto& draft : drafts_)
        builder_.add_rule(std::move(draft));
}

void TomlFile::read_settings(const toml::table& root, Settings& settings)
{
    const std::array<Entry, 2> limit_entries{
        Entry{"min_nice",
              [&](const toml::node& node) {
                  const auto number = node.as_integer();
                  settings.limits.min_nice = number ? Nice::make(number->get()) : std::nullopt;
                  if (!settings.limits.min_nice)
                      error(node.source(), "limits.min_nice: expected a whole number from -20 to 19");
              }},
        Entry{"realtime", [&](const toml::node& node) { flag(node, "limits.realtime", settings.limits.realtime); }},
    };
    const std::array<Entry, 4> entries{
        Entry{"restore_on_exit",
              [&](const toml::node& node) { flag(node, "restore_on_exit", settings.restore_on_exit); }},
        Entry{"realtime", [&](const toml::node& node) { flag(node, "realtime", settings.realtime); }},
        Entry{"autogroup", [&](const toml::node& node) { flag(node, "autogroup", settings.autogroup); }},
        Entry{"limits",
              [&](const toml::node& node) {
                  if (const auto* limits = table(node, "limits", "[limits]"))
                      read_table(*limits, "[limits]", limit_entries);
              }},
    };
    read_table(root, "the settings", entries);
}

void TomlFile::read_class(const Key& key, const toml::node& node)
{
    const auto* entries = table(node, key.str(), "[class.media]");
    if (!entries)
        return;
    ProgramClass program_class{
        .name = std::string{key.str()}, .description = {}, .settings = {}, .place = place(key.source())};
    for (const auto& [entry, value] : *entries) {
        if (entry.str() == "description")
            program_class.description = text(value, "description").value_or("");
        else
            read_setting(entry, value, fmt::format("class \"{}\"", key.str()), program_class.settings);
    }
    check_together(node, program_class.settings);
    builder_.define_class(std::move(program_class));
}

void TomlFile::read_program(const Key& key, const toml::node& node)
{
    const auto class_name = text(node, key.str());
    if (key.str().empty() || key.str().find('\0') != std::string_view::npos || key.str().size() > kLongestPattern)
        return error(key.source(), "a program's name must have 1 to 4096 bytes and no NUL");
    if (key.str().find('/') != std::string_view::npos)
        return error(
            key.source(),
            fmt::format("\"{}\" is a path: names in [programs] have no slash; write a [[rule]] with exe = \"{}\"",
                        key.str(), key.str()));
    if (!class_name)
        return;
    RuleDraft draft{.place = place(key.source()),
                    .column = node.source().begin.column,
                    .class_name = *class_name,
                    .exact_names = {std::string{key.str()}},
                    .condition = {},
                    .settings = {}};
    drafts_.push_back(std::move(draft));
}

void TomlFile::read_rule(const toml::node& node)
{
    RuleDraft draft{.place = place(node.source()),
                    .column = node.source().begin.column,
                    .class_name = {},
                    .exact_names = {},
                    .condition = {},
                    .settings = {}};
    for (const auto& [key, value] : *node.as_table())
        read_rule_key(key, value, draft);
    std::ranges::sort(draft.condition.all_of, {}, &Term::key);
    check_rule(node, draft);
    drafts_.push_back(std::move(draft));
}

void TomlFile::read_rule_key(const Key& key, const toml::node& node, RuleDraft& draft)
{
    if (key.str() == "class") {
        draft.class_name = text(node, "class").value_or("");
        draft.column = node.source().begin.column;
    } else if (key.str() == "set") {
        read_settings_table(node, "[rule.set]", draft.settings);
    } else if (key.str() == "not") {
        read_exceptions(node, draft.condition);
    } else if (const auto* match_key = find_match_key(key.str())) {
        read_match_key(*match_key, node, draft.condition);
    } else if (find_setting(key.str())) {
        error(key.source(), fmt::format("\"{}\" is a setting: it belongs below [rule.set]", key.str()));
    } else {
        unknown_key(key, "a rule", rule_keys());
    }
}

void TomlFile::check_rule(const toml::node& node, const RuleDraft& draft)
{
    const auto* entries = node.as_table();
    if (draft.condition.all_of.empty() &&
        std::ranges::none_of(match_key_table(), [&](const MatchKeyInfo& key) { return entries->contains(key.name); }))
        error(node.source(), R"(a rule without a matching key: add one, name = "*" for every program)");
    if (!entries->contains("class") && !entries->contains("set"))
        error(node.source(), "a rule that gives nothing: add class = \"…\" or a [rule.set] table");
}

void TomlFile::read_match_key(const MatchKeyInfo& key, const toml::node& node, Condition& into)
{
    Term term{key.key, {}};
    const auto add = [&](const toml::node& element) {
        const auto pattern = pattern_text(element, key.name);
        if (!pattern)
            return;
        if (auto made = make_pattern(key.key, *pattern, accounts_))
            term.any_of.push_back(*std::move(made));
        else if (made.error().is_vanished())
            warn(element.source(), fmt::format("{} \"{}\" is not known on this machine: the rule matches nobody by it",
                                               key.name, *pattern));
        else
            error(element.source(), made.error().doing);
    };
    if (const auto* list = node.as_array()) {
        if (list->empty())
            error(node.source(), fmt::format("{}: an empty list matches nothing; leave the key out", key.name));
        for (const auto& element : *list)
            add(element);
    } else {
        add(node);
    }
    into.all_of.push_back(std::move(term));
}

void TomlFile::read_exceptions(const toml::node& node, Condition& into)
{
    if (const auto* list = node.as_array()) {
        for (const auto& element : *list)
            read_exception(element, into);
    } else {
        read_exception(node, into);
    }
}

void TomlFile::read_exception(const toml::node& node, Condition& into)
{
    const auto* entries = table(node, "not", R"(not = { user = "root" })");
    if (!entries)
        return;
    Condition exception;
    for (const auto& [key, value] : *entries) {
        if (const auto* match_key = find_match_key(key.str()))
            read_match_key(*match_key, value, exception);
        else
            unknown_key(key, "not", match_key_names());
    }
    std::ranges::sort(exception.all_of, {}, &Term::key);
    if (exception.all_of.empty())
        return error(node.source(), "not: an empty table excludes nothing; leave it out");
    into.except.push_back(std::move(exception));
}

void TomlFile::read_settings_table(const toml::node& node, std::string_view in, SettingMap& into)
{
    const auto* entries = table(node, "set", "[rule.set]");
    if (!entries)
        return;
    for (const auto& [key, value] : *entries)
        read_setting(key, value, in, into);
    if (entries->empty())
        error(node.source(), fmt::format("{} is empty: name a setting or leave the table out", in));
    check_together(node, into);
}

void TomlFile::read_setting(const Key& key, const toml::node& node, std::string_view in, SettingMap& into)
{
    const auto* setting = find_setting(key.str());
    if (!setting || setting->setting == Setting::program_class)
        return unknown_key(key, in, setting_names());
    const auto raw = raw_value(node);
    if (!raw)
        return error(node.source(), fmt::format("{} is {}: expected {}", key.str(), type_name(node), setting->expects));
    auto value = parse_value(setting->setting, *raw);
    if (!value)
        return error(node.source(), value.error().doing);
    if (setting->setting == Setting::cpu_weight || setting->setting == Setting::io_weight)
        warn(key.source(), fmt::format("{} is checked but not applied yet by this version", key.str()));
    into.set(setting->setting, *std::move(value));
}

void TomlFile::check_together(const toml::node& node, const SettingMap& settings)
{
    const auto* low = find_value<UclampPercent>(settings, Setting::uclamp_min);
    const auto* high = find_value<UclampPercent>(settings, Setting::uclamp_max);
    if (low && high && *low > *high)
        error(node.source(),
              fmt::format("uclamp_min = {} is above uclamp_max = {}: exchange them", low->value(), high->value()));
}

std::optional<std::string> TomlFile::pattern_text(const toml::node& node, std::string_view key)
{
    auto pattern = text(node, key);
    if (!pattern)
        return std::nullopt;
    if (pattern->empty() || pattern->size() > kLongestPattern || pattern->find('\0') != std::string::npos) {
        error(node.source(), fmt::format("{}: expected text of 1 to 4096 bytes without NUL", key));
        return std::nullopt;
    }
    return pattern;
}

std::optional<std::string> TomlFile::text(const toml::node& node, std::string_view key)
{
    if (const auto* string = node.as_string())
        return string->get();
    error(node.source(), fmt::format("{} is {}: expected text in quotes", key, type_name(node)));
    return std::nullopt;
}

void TomlFile::flag(const toml::node& node, std::string_view key, bool& into)
{
    if (const auto* boolean = node.as_boolean())
        into = boolean->get();
    else
        error(node.source(), fmt::format("{} is {}: expected true or false", key, type_name(node)));
}

const toml::table* TomlFile::table(const toml::node& node, std::string_view key, std::string_view example)
{
    if (const auto* found = node.as_table())
        return found;
    error(node.source(), fmt::format("{} is {}: expected a table, {}", key, type_name(node), example));
    return nullptr;
}

/// The files given, with what they add up to.
class PolicyReader {
public:
    explicit PolicyReader(const Accounts& accounts) : accounts_{accounts} {}

    void read(const PolicyFile& file)
    {
        const auto number = builder_.add_file(file.path);
        TomlFile reader{number, file.path, builder_, accounts_, diagnostics_};
        if (!file.error.empty())
            return reader.error({}, file.error);
        try {
            const toml::table root = toml::parse(file.text);
            if (file.kind == PolicyFile::Kind::settings)
                reader.read_settings(root, settings_);
            else
                reader.read_rules(root);
        } catch (const toml::parse_error& broken) {
            reader.error(broken.source(), fmt::format("not TOML: {}", broken.description()));
        }
    }

    PolicyReading finish()
    {
        builder_.use(settings_);
        Policy policy = builder_.build(diagnostics_);
        sort(diagnostics_);
        PolicyReading reading{.policy = {}, .diagnostics = std::move(diagnostics_)};
        if (!has_errors(reading.diagnostics))
            reading.policy = std::move(policy);
        return reading;
    }

private:
    const Accounts& accounts_;
    PolicyBuilder builder_;
    Settings settings_;
    Diagnostics diagnostics_;
};

}  // namespace

PolicyReading read_policy(const std::vector<PolicyFile>& files, const Accounts& accounts)
{
    PolicyReader reader{accounts};
    for (const auto& file : files)
        reader.read(file);
    return reader.finish();
}

}  // namespace priorityd
