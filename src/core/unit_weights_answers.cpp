// SPDX-License-Identifier: GPL-3.0-or-later
/// What can be told of the weights of units, for whoever asks.
#include <algorithm>

#include <fmt/format.h>

#include "core/explain.hpp"
#include "core/unit_weights.hpp"

namespace priorityd {

std::vector<UnitWeights::SliceState> UnitWeights::slices_above(std::string_view cgroup) const
{
    std::vector<SliceState> states;
    for (const auto& [unit, group] : groups_) {
        if (group.fixed && cgroup.starts_with(unit.cgroup + '/'))
            states.push_back({.name = unit.name, .wanted = *group.fixed, .outcome = text_of(group)});
    }
    std::ranges::sort(states, {}, [](const SliceState& state) { return slice_unit(state.name).cgroup.size(); });
    return states;
}

std::vector<Unit> UnitWeights::changed() const
{
    std::vector<Unit> units;
    for (const auto& [unit, group] : groups_) {
        if (is_changed(group))
            units.push_back(unit);
    }
    return units;
}

std::string UnitWeights::text_of(const Group& group)
{
    return group.outcome.empty() ? kNotTried : group.outcome;
}

std::string UnitWeights::State::to_text() const
{
    return fmt::format("{} ({}; priorityd has set: {})", outcome, because, priorityd::to_text(written));
}

std::optional<UnitWeights::State> UnitWeights::state(Pid pid) const
{
    const auto known = unit_of_.find(pid);
    if (known == unit_of_.end())
        return std::nullopt;
    const Group& group = groups_.at(known->second);
    return State{.wish = group.members.wish(pid),
                 .written = group.written,
                 .because = reason_of(known->second, group),
                 .outcome = text_of(group)};
}

std::string UnitWeights::reason_of(const Unit& unit, const Group& group)
{
    if (!group.members.common().is_limited)
        return fmt::format("unit {}: for all of its processes ({})", unit.name, group.members.size());
    return fmt::format("unit {}: not below 100, there are processes in it without a weight{}{}", unit.name,
                       group.no_split.empty() ? "" : "; not split, ", group.no_split);
}

}  // namespace priorityd
