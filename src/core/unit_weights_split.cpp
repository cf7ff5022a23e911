// SPDX-License-Identifier: GPL-3.0-or-later
/// Scopes with a mix: who differs from the rest gets one of its own.
#include <utility>

#include <fmt/format.h>

#include "core/unit_weights.hpp"

namespace priorityd {

bool UnitWeights::may_be_split(const Unit& unit, const Group& group) const
{
    return session_scopes_ == SessionScopes::split && unit.name.ends_with(".scope") && !is_split_scope(unit.name) &&
           !group.is_whole;
}

/// The number keeps a name from being used again while an earlier process of that id has left others behind there.
void UnitWeights::split(const Unit& unit, Group& group, std::vector<Pid> leaving)
{
    group.is_asked = true;
    const auto name = fmt::format("{}{}-{}.scope", kSplitScopeLead, raw(leaving.front()), ++splits_);
    managers_.split(unit, leaving, name,
                    [this, unit, leaving, alive = std::weak_ptr{alive_}](const Result<void>& answer) {
                        if (!alive.expired())
                            finish_split(unit, leaving, answer);
                    });
}

/// Where nobody may split it, it stays as it is: with what all in it have in common.
void UnitWeights::finish_split(const Unit& unit, const std::vector<Pid>& leaving, const Result<void>& answer)
{
    Group* group = answered(unit);
    if (!group)
        return;
    note_failure(*group, answer);
    group->split_fault = answer ? std::string{} : outcome_of(answer.error()).to_text();
    if (answer) {
        group->members.note_moved(leaving);
        moved_.insert(moved_.end(), leaving.begin(), leaving.end());
        due_ = earlier(due_, settled_at_);
    } else if (!group->not_before && !answer.error().is_vanished()) {
        group->is_whole = true;
        settle_one(unit, *group);
    }
}

void UnitWeights::use(SessionScopes scopes)
{
    if (std::exchange(session_scopes_, scopes) == scopes)
        return;
    for (auto& [unit, group] : groups_) {
        group.is_whole = false;
        mark(group, settled_at_);
    }
}

}  // namespace priorityd
