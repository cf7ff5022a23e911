// SPDX-License-Identifier: GPL-3.0-or-later
/// Scopes with a mix: who differs from the rest gets one of its own.
#include <utility>

#include <fmt/format.h>

#include "core/unit_weights.hpp"

namespace priorityd {
namespace {

bool is_refusal(const Error& error)
{
    return error.code == EACCES || error.code == ENOTCONN || error.code == ECANCELED;
}

}  // namespace

std::vector<Pid> UnitWeights::leaving_of(const Unit& unit, const Group& group) const
{
    const bool may_be_split = session_scopes_ == SessionScopes::split && unit.name.ends_with(".scope") &&
                              !is_split_scope(unit.name) && !group.is_whole;
    if (!may_be_split)
        return {};
    auto members = group.members;
    for (const Pid pid : group.moved)
        members.erase(pid);
    return who_differs(members, group.has_others || !group.moved.empty());
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

/// Where nobody may split it, it stays as it is: with what all in it have in common. A process that has ended
/// meanwhile, or that the kernel does not let go, is no reason to leave others there.
void UnitWeights::finish_split(const Unit& unit, const std::vector<Pid>& leaving, const Result<void>& answer)
{
    const auto known = groups_.find(unit);
    if (known == groups_.end())
        return;
    Group& group = known->second;
    group.is_asked = false;
    note_answer(group, answer ? nullptr : &answer.error());
    if (!answer && may_pass(answer.error()))
        return;
    group.split_fault = answer ? std::string{} : outcome_of(answer.error()).to_text();
    group.is_whole = !answer && is_refusal(answer.error());
    if (!group.is_whole)
        group.moved.insert(leaving.begin(), leaving.end());
    if (answer) {
        moved_.insert(moved_.end(), leaving.begin(), leaving.end());
        due_ = earlier(due_, settled_at_);
    }
    settle_one(unit, group);
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
