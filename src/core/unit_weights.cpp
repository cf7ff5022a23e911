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

/// systemd that is executed anew is back within a second, and one that is stopped for debugging may take long.
constexpr std::array kRetryDelays{std::chrono::seconds{1}, std::chrono::seconds{5}, std::chrono::seconds{25}};

/// What no weight amounts to. Source: systemd.resource-control(5).
const CpuWeight kUsualCpu{};
const IoWeight kUsualIo = *IoWeight::make(100);

std::optional<CpuWeight> more(const std::optional<CpuWeight>& left, const std::optional<CpuWeight>& right)
{
    return left.value_or(kUsualCpu).value >= right.value_or(kUsualCpu).value ? left : right;
}

std::optional<IoWeight> more(const std::optional<IoWeight>& left, const std::optional<IoWeight>& right)
{
    return left.value_or(kUsualIo) >= right.value_or(kUsualIo) ? left : right;
}

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
    return error.code == ETIMEDOUT || error.code == EHOSTUNREACH;
}

void UnitWeights::add_member(const Unit& unit, Pid pid, const Weights& wish, Instant now)
{
    const auto known = unit_of_.find(pid);
    if (known != unit_of_.end() && known->second != unit)
        remove(pid, now);
    Group& group = groups_[unit];
    unit_of_.insert_or_assign(pid, unit);
    const auto [member, is_new] = group.members.try_emplace(pid, wish);
    if (is_new || std::exchange(member->second, wish) != wish)
        mark(group, now);
}

void UnitWeights::remove(Pid pid, Instant now)
{
    const auto known = unit_of_.find(pid);
    if (known == unit_of_.end())
        return;
    Group& group = groups_.at(known->second);
    unit_of_.erase(known);
    group.members.erase(pid);
    group.moved.erase(pid);
    mark(group, now);
}

void UnitWeights::mark(Group& group, Instant now)
{
    group.has_changed = true;
    if (!due_)
        due_ = now + kSettleDelay;
}

void UnitWeights::settle(Instant now)
{
    due_.reset();
    settled_at_ = now;
    for (auto& [unit, group] : groups_) {
        if (group.is_asked || !group.has_changed)
            continue;
        if (group.retry_at && *group.retry_at > now) {
            due_ = earlier(due_, group.retry_at);
            continue;
        }
        group.has_changed = false;
        settle_one(unit, group);
    }
    std::erase_if(groups_, [](const auto& entry) {
        const Group& group = entry.second;
        return group.members.empty() && !group.fixed && group.written.empty() && !group.is_asked;
    });
}

/// A process that asks for nothing keeps the unit at what units usually have.
Weights UnitWeights::common_wish(const Unit& unit, Group& group)
{
    if (group.fixed)
        return *group.fixed;
    const auto all = managers_.processes_in(unit);
    const auto is_other = [&](Pid pid) { return !group.members.contains(pid); };
    // What is in a scope of priorityd's making comes from what was moved there.
    group.has_others = !is_split_scope(unit.name) && std::ranges::any_of(all, is_other);
    if (group.members.empty())
        return {};
    auto member = group.members.begin();
    Weights wish = member->second;
    for (++member; member != group.members.end(); ++member)
        wish = {more(wish.cpu, member->second.cpu), more(wish.io, member->second.io)};
    if (group.has_others)
        wish = {more(wish.cpu, std::nullopt), more(wish.io, std::nullopt)};
    return wish;
}

void UnitWeights::settle_one(const Unit& unit, Group& group)
{
    const Weights wish = common_wish(unit, group);
    if (auto leaving = leaving_of(unit, group); !leaving.empty())
        return split(unit, group, std::move(leaving));
    if (group.is_held || (wish == group.written && !group.is_unsure))
        return;
    if (group.is_known)
        write(unit, group, wish);
    else
        ask(unit, group);
}

/// What an administrator has set for the unit is not touched, so that has to be known first.
void UnitWeights::ask(const Unit& unit, Group& group)
{
    group.is_asked = true;
    managers_.read(unit, [this, unit, alive = std::weak_ptr{alive_}](const Result<Weights>& found) {
        const auto known = alive.expired() ? groups_.end() : groups_.find(unit);
        if (alive.expired() || known == groups_.end())
            return;
        Group& its = known->second;
        its.is_asked = false;
        its.is_known = found.has_value();
        its.is_held = found && !found->empty();
        note_answer(its, found ? nullptr : &found.error());
        if (!found)
            its.outcome = outcome_of(found.error()).to_text();
        else if (its.is_held)
            its.outcome = Outcome{Outcome::Kind::held, "the unit has " + to_text(*found)}.to_text();
        else
            settle_one(unit, its);
    });
}

/// What has changed while the answer was awaited is seen to by whoever has got it, unless there was none.
void UnitWeights::note_answer(Group& group, const Error* error)
{
    const bool is_silent = error && may_pass(*error);
    group.retry_at.reset();
    if (is_silent) {
        const auto tries = std::min(group.failures++, kRetryDelays.size() - 1);
        group.retry_at = settled_at_ + kRetryDelays.at(tries);
        group.has_changed = group.has_changed || group.failures <= kRetryDelays.size();
    } else {
        group.failures = 0;
    }
    if (error && group.has_changed)
        due_ = earlier(due_, group.retry_at.value_or(settled_at_ + kSettleDelay));
}

void UnitWeights::write(const Unit& unit, Group& group, const Weights& weights)
{
    group.is_asked = true;
    managers_.write(unit, weights, [this, unit, weights, alive = std::weak_ptr{alive_}](const Result<void>& answer) {
        if (!alive.expired())
            finish(unit, weights, answer);
    });
}

void UnitWeights::finish(const Unit& unit, const Weights& weights, const Result<void>& answer)
{
    const auto known = groups_.find(unit);
    if (known == groups_.end())
        return;
    Group& group = known->second;
    group.is_asked = false;
    note_answer(group, answer ? nullptr : &answer.error());
    group.outcome = (answer ? Outcome{Outcome::Kind::applied, {}} : outcome_of(answer.error())).to_text();
    if (answer || answer.error().is_vanished()) {
        group.written = answer ? weights : Weights{};
        group.is_unsure = false;
    }
    if (answer && std::exchange(group.has_changed, false))  // meanwhile
        settle_one(unit, group);
}

void UnitWeights::reach_manager(Uid user, const std::vector<std::string>& set, Instant now)
{
    lose_manager(user, now);
    std::set<std::string> idle{set.begin(), set.end()};
    for (auto& [unit, group] : groups_) {
        if (unit.user == user && idle.erase(unit.name) > 0)
            take_over(group);
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
    group.is_known = group.is_known && !std::exchange(group.is_held, false);
    mark(group, settled_at_);
}

void UnitWeights::restore()
{
    for (auto& [unit, group] : groups_) {
        if (!group.written.empty())
            managers_.write(unit, {}, [](const Result<void>&) {});
    }
    groups_.clear();
    unit_of_.clear();
    due_.reset();
}

void UnitWeights::adopt(const std::vector<Unit>& left, Instant now)
{
    for (const auto& unit : left) {
        Group& group = groups_[unit];
        take_over(group);
        mark(group, now);
    }
}

/// What exactly was set nobody knows any more, so it is set anew or taken back.
void UnitWeights::take_over(Group& group)
{
    group.is_known = true;
    group.is_unsure = true;
    group.written.cpu = kUsualCpu;
}

}  // namespace priorityd
