// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unit_weights.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "core/explain.hpp"

namespace priorityd {
namespace {

/// A build starts hundreds of programs a second in one unit; its weight need not follow each of them.
constexpr auto kSettleDelay = std::chrono::milliseconds{50};

/// Processes without a weight may be helpers that a service starts beside its program, and end without telling; a
/// manager may be busy, or be started anew.
constexpr std::array kLaterLooks{std::chrono::seconds{1}, std::chrono::seconds{5}, std::chrono::seconds{30}};

}  // namespace

Outcome UnitWeights::outcome_of(const Error& error)
{
    if (error.is_vanished())
        return {Outcome::Kind::vanished, {}};
    if (error.code == ECANCELED)
        return {Outcome::Kind::dry_run, error.doing};
    const bool has_nobody = error.code == EHOSTUNREACH || error.code == ENOTCONN;
    return {has_nobody ? Outcome::Kind::not_live : Outcome::Kind::failed, has_nobody ? error.doing : error.message()};
}

/// A user's manager that is not there at all is waited for elsewhere.
bool UnitWeights::may_pass(const Error& error)
{
    const bool is_no = error.code == EACCES || error.code == EPERM || error.code == ECANCELED;
    return !is_no && !error.is_vanished() && error.code != ENOTCONN;
}

void UnitWeights::add_member(const Unit& unit, Pid pid, const UnitWish& wish, Instant now)
{
    const auto known = unit_of_.find(pid);
    if (known != unit_of_.end() && known->second != unit)
        remove(pid, now);
    Group& group = groups_[unit];
    unit_of_.insert_or_assign(pid, unit);
    if (group.members.add(pid, wish))
        mark(group, now);
}

void UnitWeights::add_heir(const UnitProcess& process, Pid parent, Instant now)
{
    const auto known = groups_.find(process.unit);
    if (known != groups_.end() && known->second.members.add_heir(process.pid, parent))
        mark(known->second, now);
}

void UnitWeights::remove(Pid pid, Instant now)
{
    const auto known = unit_of_.find(pid);
    if (known == unit_of_.end())
        return;
    Group& group = groups_.at(known->second);
    unit_of_.erase(known);
    group.members.remove(pid);
    mark(group, now);
}

bool UnitWeights::is_changed(const Group& group)
{
    return !group.written.empty() || group.is_writing || group.is_adopted;
}

Weights UnitWeights::wish_of(const Group& group)
{
    return group.fixed ? *group.fixed : group.members.common().weights;
}

void UnitWeights::mark(Group& group, Instant now)
{
    if (!group.not_before)
        group.later_looks = 0;
    schedule(group, now + kSettleDelay);
}

void UnitWeights::schedule(Group& group, Instant when)
{
    group.due = earlier(group.due, group.not_before ? std::max(when, *group.not_before) : when);
    due_ = earlier(due_, group.due);
}

void UnitWeights::look_again(Group& group)
{
    if (!group.due && group.later_looks < kLaterLooks.size())
        schedule(group, group.settled + kLaterLooks[group.later_looks++]);
}

std::vector<UnitProcess> UnitWeights::settle(Instant now)
{
    std::vector<UnitProcess> strangers;
    due_.reset();
    settled_at_ = now;
    for (auto& [unit, group] : groups_) {
        if (group.is_asked)
            continue;  // its answer brings it back
        if (group.due && *group.due <= now) {
            group.due.reset();
            group.settled = now;
            const auto unknown = strangers_in(unit, group);
            for (const Pid pid : unknown)
                strangers.push_back({unit, pid});
            if (!unknown.empty() && may_be_split(unit, group))
                schedule(group, now + kSettleDelay);  // by then it is known whose they are
            else
                settle_one(unit, group);
        }
        due_ = earlier(due_, group.due);
    }
    std::erase_if(groups_, [](const auto& entry) {
        const Group& group = entry.second;
        return group.members.empty() && !group.fixed && !is_changed(group) && !group.is_asked && !group.due;
    });
    return strangers;
}

/// What is in a scope of priorityd's making comes from what was moved there.
std::vector<Pid> UnitWeights::strangers_in(const Unit& unit, Group& group)
{
    if (group.fixed || is_split_scope(unit.name))
        return {};
    return group.members.look(managers_.processes_in(unit));
}

void UnitWeights::settle_one(const Unit& unit, Group& group)
{
    if (may_be_split(unit, group)) {
        if (auto leaving = group.members.who_differs(); !leaving.empty())
            return split(unit, group, std::move(leaving));
    }
    if (!group.fixed && group.members.common().is_limited)
        look_again(group);
    if (!group.is_held && (wish_of(group) != group.written || group.is_adopted))
        ask(unit, group);
}

/// What waits for this answer; null when there is nothing any more.
UnitWeights::Group* UnitWeights::answered(const Unit& unit)
{
    const auto known = groups_.find(unit);
    if (known == groups_.end())
        return nullptr;
    Group& group = known->second;
    group.is_asked = group.is_writing = false;
    due_ = earlier(due_, group.due);
    return &group;
}

void UnitWeights::note_failure(Group& group, const Result<void>& answer)
{
    group.not_before.reset();
    if (answer || !may_pass(answer.error()))
        return;
    group.not_before = group.settled + kLaterLooks.at(std::min(group.later_looks, kLaterLooks.size() - 1));
    look_again(group);
}

/// What an administrator has set for the unit is not touched, so that has to be known first.
void UnitWeights::ask(const Unit& unit, Group& group)
{
    group.is_asked = true;
    managers_.read(unit, [this, unit, alive = std::weak_ptr{alive_}](const Result<Weights>& found) {
        Group* its = alive.expired() ? nullptr : answered(unit);
        if (!its)
            return;
        if (found)
            return compare(unit, *its, *found);
        if (found.error().is_vanished())
            managers_.disown(unit);
        finish(*its, {}, tl::unexpected(found.error()));
    });
}

/// A unit that was started anew may have lost its weights: that is nobody's will.
void UnitWeights::compare(const Unit& unit, Group& group, const Weights& found)
{
    if (group.is_adopted || found.empty() || found == group.written)
        return write(unit, group, wish_of(group));
    if (!group.written.empty())
        managers_.disown(unit);
    group.written = {};
    group.is_held = true;
    group.outcome = Outcome{Outcome::Kind::held, "the unit has " + to_text(found)}.to_text();
}

void UnitWeights::write(const Unit& unit, Group& group, const Weights& weights)
{
    group.is_asked = group.is_writing = true;
    managers_.write(unit, weights, [this, unit, weights, alive = std::weak_ptr{alive_}](const Result<void>& answer) {
        Group* its = alive.expired() ? nullptr : answered(unit);
        if (its)
            finish(*its, weights, answer);
    });
}

void UnitWeights::finish(Group& group, const Weights& weights, const Result<void>& answer)
{
    const auto outcome = answer ? Outcome{Outcome::Kind::applied, {}} : outcome_of(answer.error());
    group.outcome = outcome.to_text();
    if (answer || answer.error().is_vanished()) {
        group.written = answer ? weights : Weights{};
        group.is_adopted = false;
    }
    note_failure(group, answer);
}

void UnitWeights::reach_manager(Uid user, const std::vector<std::string>& set, Instant now)
{
    lose_manager(user, now);
    std::set<std::string> idle{set.begin(), set.end()};
    for (auto& [unit, group] : groups_) {
        if (unit.user == user && idle.erase(unit.name) > 0)
            group.is_adopted = true;
    }
    for (const auto& name : idle)
        managers_.write({.user = user, .name = name, .cgroup = {}}, {}, [](const Result<void>&) {});
}

void UnitWeights::lose_manager(Uid user, Instant now)
{
    for (auto& [unit, group] : groups_) {
        if (unit.user != user)
            continue;
        group = Group{.members = std::move(group.members)};
        mark(group, now);
    }
}

void UnitWeights::want_slices(const SliceWeights& slices)
{
    for (auto& [unit, group] : groups_) {
        if (group.fixed && !slices.contains(unit.name))
            fix(group, std::nullopt);
    }
    for (const auto& [name, weights] : slices)
        fix(groups_[slice_unit(name)], weights);
}

/// A value that somebody else had set may be gone by now.
void UnitWeights::fix(Group& group, const std::optional<Weights>& weights)
{
    if (group.fixed == weights)
        return;
    group.fixed = weights;
    group.is_held = false;
    mark(group, settled_at_);
}

void UnitWeights::restore()
{
    for (const auto& [unit, group] : groups_) {
        if (is_changed(group))
            take_back(unit, group);
    }
    groups_.clear();
    unit_of_.clear();
    due_.reset();
}

/// Answers may come when this is gone.
void UnitWeights::take_back(const Unit& unit, const Group& group)
{
    const auto nothing = [](const Result<void>&) {};
    if (group.is_writing || group.is_adopted)
        return managers_.write(unit, {}, nothing);
    managers_.read(unit, [&managers = managers_, unit, written = group.written, nothing](const Result<Weights>& found) {
        if (found && !found->empty() && *found != written)
            managers.disown(unit);
        else
            managers.write(unit, {}, nothing);
    });
}

void UnitWeights::adopt(const std::vector<Unit>& left, Instant now)
{
    for (const auto& unit : left) {
        Group& group = groups_[unit];
        group.is_adopted = true;
        mark(group, now);
    }
}

}  // namespace priorityd
