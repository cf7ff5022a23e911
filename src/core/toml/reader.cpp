// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/toml/reader.hpp"

#include <algorithm>
#include <array>

#include "core/nearest.hpp"
#include "core/text.hpp"

namespace priorityd {
namespace {

using Words = std::vector<std::string_view>;

std::optional<RawValue> raw_value(const toml::node& node)
{
    if (const auto* number = node.as_integer())
        return RawValue{number->get()};
    if (const auto* string = node.as_string())
        return RawValue{string->get()};
    return std::nullopt;
}

}  // namespace

std::string_view type_name(const toml::node& node)
{
    constexpr std::array<std::string_view, 10> kNames{"nothing",        "a table",        "an array",      "text",
                                                      "a whole number", "a fraction",     "true or false", "a date",
                                                      "a time",         "a date and time"};
    return kNames.at(static_cast<std::size_t>(node.type()));
}

Words match_key_names()
{
    Words names;
    for (const auto& row : match_key_table())
        names.push_back(row.name);
    return names;
}

std::optional<toml::table> TomlReader::parse(std::string_view text)
{
    try {
        return toml::parse(text);
    } catch (const toml::parse_error& broken) {
        error(broken.source(), fmt::format("not TOML: {}", broken.description()));
        return std::nullopt;
    }
}

/// What a file says may hold anything, so all that is said of it is made safe to show here.
void TomlReader::report(Diagnostic::Level level, const toml::source_region& where, std::string_view what)
{
    diagnostics_->push_back(
        {.level = level, .file = path_, .line = where.begin.line, .column = where.begin.column, .what = escaped(what)});
}

void TomlReader::unknown_key(const toml::key& key, std::string_view in, const Words& known)
{
    error(key.source(), fmt::format("unknown key \"{}\" in {}{}", key.str(), in, suggestion(key.str(), known)));
}

void TomlReader::read_table(const toml::table& table, std::string_view in, std::span<const Entry> entries)
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

std::optional<std::string> TomlReader::text(const toml::node& node, std::string_view key)
{
    if (const auto* string = node.as_string())
        return string->get();
    error(node.source(), fmt::format("{} is {}: expected text in quotes", key, type_name(node)));
    return std::nullopt;
}

std::optional<std::string> TomlReader::pattern_text(const toml::node& node, std::string_view key)
{
    auto pattern = text(node, key);
    if (!pattern)
        return std::nullopt;
    if (pattern->empty() || pattern->size() > kLongestPattern || pattern->find('\0') != std::string::npos) {
        error(node.source(), fmt::format("{}: expected text of 1 to {} bytes without NUL", key, kLongestPattern));
        return std::nullopt;
    }
    return pattern;
}

void TomlReader::flag(const toml::node& node, std::string_view key, bool& into)
{
    if (const auto* boolean = node.as_boolean())
        into = boolean->get();
    else
        error(node.source(), fmt::format("{} is {}: expected true or false", key, type_name(node)));
}

const toml::table* TomlReader::table(const toml::node& node, std::string_view key, std::string_view example)
{
    if (const auto* found = node.as_table())
        return found;
    error(node.source(), fmt::format("{} is {}: expected a table, {}", key, type_name(node), example));
    return nullptr;
}

void TomlReader::read_match_key(const MatchKeyInfo& key, const toml::node& node, const Accounts& accounts,
                                Condition& into)
{
    Term term{key.key, {}};
    const auto add = [&](const toml::node& element) {
        const auto pattern = pattern_text(element, key.name);
        if (!pattern)
            return;
        if (auto made = make_pattern(key.key, *pattern, accounts))
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

void TomlReader::read_setting(const toml::key& key, const toml::node& node, std::string_view in, KnownSettings known,
                              SettingMap& into)
{
    const auto setting = std::ranges::find(known, key.str(), &SettingInfo::name);
    if (setting == known.end()) {
        Words names;
        std::ranges::transform(known, std::back_inserter(names), &SettingInfo::name);
        return unknown_key(key, in, names);
    }
    const auto raw = raw_value(node);
    if (!raw)
        return error(node.source(), fmt::format("{} is {}: expected {}", key.str(), type_name(node), setting->expects));
    auto value = parse_value(setting->setting, *raw);
    if (!value)
        return error(node.source(), value.error().doing);
    into.set(setting->setting, *std::move(value));
}

void TomlReader::read_settings(const toml::node& node, std::string_view in, KnownSettings known, SettingMap& into)
{
    const auto* entries = table(node, "set", in);
    if (!entries)
        return;
    for (const auto& [key, value] : *entries)
        read_setting(key, value, in, known, into);
    if (entries->empty())
        error(node.source(), fmt::format("{} is empty: name a setting or leave the table out", in));
    check_together(node, into);
}

void TomlReader::check_together(const toml::node& node, const SettingMap& settings)
{
    const auto* low = find_value<UclampPercent>(settings, Setting::uclamp_min);
    const auto* high = find_value<UclampPercent>(settings, Setting::uclamp_max);
    if (low && high && *low > *high)
        error(node.source(),
              fmt::format("uclamp_min = {} is above uclamp_max = {}: exchange them", low->value(), high->value()));
}

}  // namespace priorityd
