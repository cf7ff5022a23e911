// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/condition.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/cgroup_path.hpp"
#include "core/nearest.hpp"

namespace priorityd {
namespace {

bool fits(const Pattern& pattern, std::string_view text)
{
    if (pattern.is_glob || pattern.letters == Case::ignored)
        return glob_matches(pattern.text, text, pattern.letters);
    return pattern.text == text;
}

bool fits_any(const Pattern& pattern, const Names& names)
{
    return std::ranges::any_of(names, [&](const std::string& name) { return fits(pattern, name); });
}

std::string command_line(const Snapshot& process)
{
    std::string line;
    for (const auto& arg : process.argv)
        line += line.empty() ? arg : " " + arg;
    return line;
}

bool name_matches(const Pattern& p, const Snapshot& s)
{
    return fits_any(p, s.names);
}
bool exe_matches(const Pattern& p, const Snapshot& s)
{
    return fits(p, s.exe);
}
bool cmdline_matches(const Pattern& p, const Snapshot& s)
{
    return fits(p, command_line(s));
}
bool user_matches(const Pattern& p, const Snapshot& s)
{
    return p.account == raw(s.uid);
}
bool group_matches(const Pattern& p, const Snapshot& s)
{
    return p.account == raw(s.gid);
}
bool unit_matches(const Pattern& p, const Snapshot& s)
{
    return fits(p, unit_of(s.cgroup));
}
bool slice_matches(const Pattern& p, const Snapshot& s)
{
    return fits(p, slice_of(s.cgroup));
}
bool cgroup_matches(const Pattern& p, const Snapshot& s)
{
    return fits(p, s.cgroup);
}
bool container_matches(const Pattern& p, const Snapshot& s)
{
    const auto container = container_of(s.cgroup);
    return !container.empty() && fits(p, container);
}

bool arg_matches(const Pattern& pattern, const Snapshot& process)
{
    return process.argv.size() > 1 && std::any_of(process.argv.begin() + 1, process.argv.end(),
                                                  [&](const std::string& arg) { return fits(pattern, arg); });
}

bool parent_matches(const Pattern& pattern, const Snapshot& process)
{
    return !process.ancestors.empty() && fits_any(pattern, process.ancestors.front());
}

bool ancestor_matches(const Pattern& pattern, const Snapshot& process)
{
    return std::ranges::any_of(process.ancestors, [&](const Names& names) { return fits_any(pattern, names); });
}

bool uses_matches(const Pattern& pattern, const Snapshot& process)
{
    return (pattern.text == "gpu" && process.uses.gpu) || (pattern.text == "audio" && process.uses.audio) ||
           (pattern.text == "tty" && process.has_tty);
}

constexpr FactSet kNameFacts = Fact::exe | Fact::stat | Fact::argv;

constexpr std::array<MatchKeyInfo, kMatchKeyCount> kTable{{
    {MatchKey::name, "name", kNameFacts, name_matches},
    {MatchKey::exe, "exe", Fact::exe, exe_matches},
    {MatchKey::cmdline, "cmdline", Fact::argv, cmdline_matches},
    {MatchKey::arg, "arg", Fact::argv, arg_matches},
    {MatchKey::user, "user", Fact::owner, user_matches},
    {MatchKey::group, "group", Fact::owner, group_matches},
    {MatchKey::parent, "parent", Fact::parent, parent_matches},
    {MatchKey::ancestor, "ancestor", Fact::ancestors, ancestor_matches},
    {MatchKey::unit, "unit", Fact::cgroup, unit_matches},
    {MatchKey::slice, "slice", Fact::cgroup, slice_matches},
    {MatchKey::cgroup, "cgroup", Fact::cgroup, cgroup_matches},
    {MatchKey::container, "container", Fact::cgroup, container_matches},
    {MatchKey::uses, "uses", Fact::stat | Fact::devices, uses_matches},
}};

const MatchKeyInfo& info(MatchKey key)
{
    return kTable.at(static_cast<std::size_t>(key));
}

/// A terminal is seen in stat, which costs nothing more; only devices need the open files.
FactSet needs(const Term& term)
{
    const bool only_tty = term.key == MatchKey::uses &&
                          std::ranges::all_of(term.any_of, [](const Pattern& p) { return p.text == "tty"; });
    return only_tty ? FactSet{Fact::stat} : info(term.key).needs;
}

bool matches(const Term& term, const Snapshot& process)
{
    return std::ranges::any_of(term.any_of,
                               [&](const Pattern& pattern) { return info(term.key).matches(pattern, process); });
}

template <typename Id>
Result<Pattern> with_account(Pattern pattern, const Result<Id>& id)
{
    if (!id)
        return tl::unexpected(id.error());
    pattern.account = raw(*id);
    return pattern;
}

}  // namespace

std::span<const MatchKeyInfo, kMatchKeyCount> match_key_table()
{
    return kTable;
}

const MatchKeyInfo* find_match_key(std::string_view name)
{
    const auto* found = std::ranges::find(kTable, name, &MatchKeyInfo::name);
    return found == kTable.end() ? nullptr : found;
}

Pattern text_pattern(MatchKey key, const std::string& text)
{
    Pattern pattern{.text = text, .is_glob = has_wildcards(text)};
    const bool is_name = key == MatchKey::name || key == MatchKey::parent || key == MatchKey::ancestor;
    if (is_name && is_windows_name(text))
        pattern.letters = Case::ignored;
    if (!pattern.is_glob && pattern.letters == Case::sensitive)
        pattern.text = unescape(text);
    return pattern;
}

Result<Pattern> make_pattern(MatchKey key, const std::string& text, const Accounts& accounts)
{
    Pattern pattern = text_pattern(key, text);
    if (key == MatchKey::user)
        return with_account(std::move(pattern), accounts.uid_of(text));
    if (key == MatchKey::group)
        return with_account(std::move(pattern), accounts.gid_of(text));
    const std::vector<std::string_view> uses{"gpu", "audio", "tty"};
    if (key == MatchKey::uses && std::ranges::find(uses, text) == uses.end())
        return failure(EINVAL, fmt::format("uses = \"{}\": not known{}", text, suggestion(text, uses)));
    return pattern;
}

FactSet needs(const Condition& condition)
{
    FactSet facts;
    for (const auto& term : condition.all_of)
        facts |= needs(term);
    for (const auto& exception : condition.except)
        facts |= needs(exception);
    return facts;
}

FactSet missing(const Condition& condition, const Snapshot& process)
{
    // Terms stand in the order of the table, cheap facts first: one that fails spares the reading of the rest.
    for (const auto& term : condition.all_of) {
        const auto unread = needs(term).without(process.known);
        if (!unread.empty())
            return unread;
        if (!matches(term, process))
            return {};
    }
    FactSet unread;
    for (const auto& exception : condition.except)
        unread |= needs(exception).without(process.known);
    return unread;
}

bool matches(const Condition& condition, const Snapshot& process)
{
    return std::ranges::all_of(condition.all_of, [&](const Term& term) { return matches(term, process); }) &&
           std::ranges::none_of(condition.except,
                                [&](const Condition& exception) { return matches(exception, process); });
}

}  // namespace priorityd
