// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/toml/policy_toml.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/cgroup_path.hpp"
#include "core/policy_builder.hpp"
#include "core/toml/reader.hpp"

namespace priorityd {
namespace {

/// The class is a key of the class table itself, or stands beside [rule.set].
TomlReader::KnownSettings settings_but_class()
{
    return setting_table().subspan<1>();
}

std::vector<std::string_view> rule_keys()
{
    auto words = match_key_names();
    words.insert(words.end(), {"class", "set", "not"});
    return words;
}

/// Hands each entry of the table to `read`; tells when it is no table.
template <typename Read>
void read_each(TomlReader& reader, const toml::node& node, std::string_view key, std::string_view example, Read read)
{
    const auto* entries = reader.table(node, key, example);
    if (!entries)
        return;
    for (const auto& [entry, value] : *entries)
        read(entry, value);
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
    void read_program(const Key& key, const toml::node& node);
    void read_rule(const toml::node& node);
    void read_rule_key(const Key& key, const toml::node& node, RuleDraft& draft);
    void read_exceptions(const toml::node& node, Condition& into);
    void read_exception(const toml::node& node, Condition& into);
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
        read_each(reader_, node, "class", "[class.media]", [this](auto& key, auto& value) { read_class(key, value); });
    };
    const auto read_programs = [this](const toml::node& node) {
        read_each(reader_, node, "programs", "[programs]",
                  [this](auto& key, auto& value) { read_program(key, value); });
    };
    const std::array<TomlReader::Entry, 3> entries{{
        {"class", read_classes},
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

void RuleFile::read_program(const Key& key, const toml::node& node)
{
    const auto class_name = reader_.text(node, key.str());
    if (key.str().empty() || key.str().find('\0') != std::string_view::npos || key.str().size() > kLongestPattern)
        return reader_.error(key.source(), "a program's name must have 1 to 4096 bytes and no NUL");
    if (key.str().find('/') != std::string_view::npos)
        return reader_.error(
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

void RuleFile::read_rule(const toml::node& node)
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

void RuleFile::read_rule_key(const Key& key, const toml::node& node, RuleDraft& draft)
{
    if (key.str() == "class") {
        draft.class_name = reader_.text(node, "class").value_or("");
        draft.column = node.source().begin.column;
    } else if (key.str() == "set") {
        reader_.read_settings(node, "[rule.set]", settings_but_class(), draft.settings);
    } else if (key.str() == "not") {
        read_exceptions(node, draft.condition);
    } else if (const auto* match_key = find_match_key(key.str())) {
        reader_.read_match_key(*match_key, node, accounts_, draft.condition);
    } else if (find_setting(key.str())) {
        reader_.error(key.source(), fmt::format("\"{}\" is a setting: it belongs below [rule.set]", key.str()));
    } else {
        reader_.unknown_key(key, "a rule", rule_keys());
    }
}

void RuleFile::check_rule(const toml::node& node, const RuleDraft& draft)
{
    const auto* entries = node.as_table();
    if (draft.condition.all_of.empty() &&
        std::ranges::none_of(match_key_table(), [&](const MatchKeyInfo& key) { return entries->contains(key.name); }))
        reader_.error(node.source(), R"(a rule without a matching key: add one, name = "*" for every program)");
    if (!entries->contains("class") && !entries->contains("set"))
        reader_.error(node.source(), "a rule that gives nothing: add class = \"…\" or a [rule.set] table");
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
        if (const auto* match_key = find_match_key(key.str()))
            reader_.read_match_key(*match_key, value, accounts_, exception);
        else
            reader_.unknown_key(key, "not", match_key_names());
    }
    std::ranges::sort(exception.all_of, {}, &Term::key);
    if (exception.all_of.empty())
        return reader_.error(node.source(), "not: an empty table excludes nothing; leave it out");
    into.except.push_back(std::move(exception));
}

void read_limits(TomlReader& reader, const toml::table& table, Limits& limits)
{
    const auto nice = [&](const toml::node& node, std::string_view key, Nice& into) {
        into = reader.bounded<Nice>(node, key).value_or(into);
    };
    const std::array<TomlReader::Entry, 4> entries{{
        {"min_nice", [&](const toml::node& node) { limits.min_nice = reader.bounded<Nice>(node, "limits.min_nice"); }},
        {"user_min_nice", [&](const toml::node& node) { nice(node, "limits.user_min_nice", limits.user_min_nice); }},
        {"user_program_min_nice",
         [&](const toml::node& node) { nice(node, "limits.user_program_min_nice", limits.user_program_min_nice); }},
        {"realtime", [&](const toml::node& node) { reader.flag(node, "limits.realtime", limits.realtime); }},
    }};
    reader.read_table(table, "[limits]", entries);
}

constexpr const char* kSliceExample = R"([slices], and below it "system.slice" = { cpu_weight = 200 })";

void read_slice(TomlReader& reader, const toml::key& key, const toml::node& node, SliceWeights& slices)
{
    if (!is_slice_name(key.str()))
        return reader.error(key.source(),
                            fmt::format("\"{}\" is no name of a slice: write {}", key.str(), kSliceExample));
    SettingMap settings;
    const auto weights = setting_table().subspan(static_cast<std::size_t>(Setting::cpu_weight), 2);
    read_each(reader, node, key.str(), kSliceExample, [&](const toml::key& setting, const toml::node& value) {
        reader.read_setting(setting, value, fmt::format("slice \"{}\"", key.str()), weights, settings);
    });
    slices[std::string{key.str()}] = weights_in(settings);
}

void read_session_scopes(TomlReader& reader, const toml::node& node, SessionScopes& into)
{
    const auto word = node.value<std::string_view>();
    if (word == "split" || word == "leave")
        into = word == "split" ? SessionScopes::split : SessionScopes::leave;
    else
        reader.error(node.source(), R"(session_scopes: expected "leave" or "split")");
}

void read_settings_file(TomlReader& reader, const toml::table& root, Settings& settings)
{
    const auto flag = [&](std::string_view key, bool& into) {
        return TomlReader::Entry{key, [&reader, key, &into](const toml::node& node) { reader.flag(node, key, into); }};
    };
    const auto limits = [&](const toml::node& node) {
        if (const auto* table = reader.table(node, "limits", "[limits]"))
            read_limits(reader, *table, settings.limits);
    };
    const auto slices = [&](const toml::node& node) {
        read_each(reader, node, "slices", kSliceExample, [&](const toml::key& key, const toml::node& value) {
            read_slice(reader, key, value, settings.slices);
        });
    };
    const std::array<TomlReader::Entry, 7> entries{
        flag("restore_on_exit", settings.restore_on_exit),
        flag("realtime", settings.realtime),
        flag("autogroup", settings.autogroup),
        flag("unit_weights", settings.unit_weights),
        TomlReader::Entry{"limits", limits},
        TomlReader::Entry{"slices", slices},
        TomlReader::Entry{"session_scopes",
                          [&](const toml::node& node) { read_session_scopes(reader, node, settings.session_scopes); }},
    };
    reader.read_table(root, "the settings", entries);
}

/// The files given, with what they add up to.
class PolicyReader {
public:
    PolicyReader(const Accounts& accounts, const Policy* base)
        : accounts_{accounts},
          builder_{base ? PolicyBuilder{*base} : PolicyBuilder{}},
          settings_{base ? base->settings() : Settings{}}
    {
    }

    void read(const PolicyFile& file)
    {
        const auto number = builder_.add_file(file.path);
        TomlReader reader{file.path, diagnostics_};
        if (!file.error.empty())
            return reader.error({}, file.error);
        const auto root = reader.parse(file.text);
        if (root && file.kind == PolicyFile::Kind::settings)
            read_settings_file(reader, *root, settings_);
        else if (root)
            RuleFile{number, reader, builder_, accounts_}.read(*root);
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

PolicyReading read_policy(const std::vector<PolicyFile>& files, const Accounts& accounts, const Policy* base)
{
    PolicyReader reader{accounts, base};
    for (const auto& file : files)
        reader.read(file);
    return reader.finish();
}

}  // namespace priorityd
