// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/overrides.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/policy_builder.hpp"

namespace priorityd {
namespace {

constexpr std::string_view kSourcePrefix = "override ";

/// An override for a pattern as a rule that gives nothing: only what it matches counts.
RuleDraft draft_of(const Override& one, const PatternTarget& target)
{
    RuleDraft draft;
    draft.condition.all_of.push_back({target.key, {text_pattern(target.key, target.glob)}});
    if (!one.is_for_everybody)
        draft.condition.all_of.push_back(
            {MatchKey::user, {Pattern{.text = std::to_string(raw(one.owner)), .account = raw(one.owner)}}});
    std::ranges::sort(draft.condition.all_of, {}, &Term::key);
    return draft;
}

}  // namespace

std::string override_source(const std::string& id)
{
    return std::string{kSourcePrefix} + id;
}

std::string to_text(const OverrideTarget& target)
{
    if (const auto* process = std::get_if<ProcessKey>(&target))
        return fmt::format("pid {}", raw(process->pid));
    const auto& pattern = std::get<PatternTarget>(target);
    return fmt::format("{} {}", match_key_table()[static_cast<std::size_t>(pattern.key)].name, pattern.glob);
}

OverrideTable::OverrideTable(std::vector<Override> overrides) : overrides_{std::move(overrides)}
{
    PolicyBuilder builder;
    for (std::uint32_t i = 0; i < overrides_.size(); ++i) {
        const Override& one = overrides_[i];
        if (const auto* process = std::get_if<ProcessKey>(&one.target)) {
            of_process_.emplace(process->pid, i);
            continue;
        }
        auto draft = draft_of(one, std::get<PatternTarget>(one.target));
        (one.is_for_everybody ? of_everybody_ : of_user_[one.owner]) |= priorityd::needs(draft.condition);
        draft.place.file = builder.add_file(source_of(one));
        builder.add_rule(std::move(draft));
        of_rule_.push_back(i);
    }
    Diagnostics none;  // there is nothing that could be wrong with conditions alone
    patterns_ = builder.build(none);
}

FactSet OverrideTable::needs(const Snapshot& process) const
{
    FactSet facts = of_everybody_;
    if (!of_user_.empty())
        facts |= Fact::owner;
    const auto own = process.known.contains(Fact::owner) ? of_user_.find(process.uid) : of_user_.end();
    if (own != of_user_.end())
        facts |= own->second;
    return facts.without(process.known);
}

std::vector<const Override*> OverrideTable::fitting(const Snapshot& process) const
{
    std::vector<std::uint32_t> numbers;
    std::vector<std::uint32_t> candidates;
    patterns_.candidates(process.names, candidates);
    for (const auto number : candidates) {
        const auto* condition = patterns_.condition(patterns_.rules()[number]);
        if (!condition || matches(*condition, process))
            numbers.push_back(of_rule_[number]);
    }
    const auto [first, last] = of_process_.equal_range(process.key.pid);
    for (auto it = first; it != last; ++it) {
        if (std::get<ProcessKey>(overrides_[it->second].target) == process.key)
            numbers.push_back(it->second);
    }
    std::ranges::sort(numbers);
    std::vector<const Override*> found;
    found.reserve(numbers.size());
    for (const auto number : numbers)
        found.push_back(&overrides_[number]);
    return found;
}

bool OverrideTable::is_in_force(std::string_view source) const
{
    if (!source.starts_with(kSourcePrefix))
        return true;
    source.remove_prefix(kSourcePrefix.size());
    return std::ranges::any_of(overrides_, [&](const Override& one) { return one.id == source; });
}

std::optional<Override> Overrides::remove(std::string_view id)
{
    const auto found = std::ranges::find(overrides_, id, &Override::id);
    if (found == overrides_.end())
        return std::nullopt;
    std::optional<Override> removed{std::move(*found)};
    overrides_.erase(found);
    return removed;
}

const Override* Overrides::find(std::string_view id) const
{
    const auto found = std::ranges::find(overrides_, id, &Override::id);
    return found == overrides_.end() ? nullptr : &*found;
}

std::size_t Overrides::count_of(Uid owner) const
{
    return static_cast<std::size_t>(std::ranges::count(overrides_, owner, &Override::owner));
}

std::size_t Overrides::count_of(const std::string& connection) const
{
    return static_cast<std::size_t>(std::ranges::count(overrides_, connection, &Override::connection));
}

std::optional<Instant> Overrides::deadline() const
{
    std::optional<Instant> first;
    for (const auto& one : overrides_) {
        if (one.ends && (!first || *one.ends < *first))
            first = one.ends;
    }
    return first;
}

template <typename Predicate>
std::vector<std::string> Overrides::take_if(Predicate predicate)
{
    std::vector<std::string> ids;
    std::erase_if(overrides_, [&](const Override& one) {
        const bool is_taken = predicate(one);
        if (is_taken)
            ids.push_back(one.id);
        return is_taken;
    });
    return ids;
}

std::vector<std::string> Overrides::take_due(Instant now)
{
    return take_if([&](const Override& one) { return one.ends && *one.ends <= now; });
}

std::vector<std::string> Overrides::take_of_connection(const std::string& connection)
{
    return take_if([&](const Override& one) { return !connection.empty() && one.connection == connection; });
}

std::vector<std::string> Overrides::take_of_process(Pid pid)
{
    return take_if([&](const Override& one) {
        const auto* process = std::get_if<ProcessKey>(&one.target);
        return process && process->pid == pid;
    });
}

}  // namespace priorityd
