// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unit_weights.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/explain.hpp"

namespace priorityd {
namespace {

/// A build starts hundreds of programs a second in one unit; its weight need not follow each of them.
constexpr auto kSettleDelay = std::chrono::milliseconds{50};

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

Outcome outcome_of(const Error& error)
{
    if (error.is_vanished())
        return {Outcome::Kind::vanished, {}};
    const bool has_nobody = error.code == EHOSTUNREACH;
    return {has_nobody ? Outcome::Kind::not_live : Outcome::Kind::failed, has_nobody ? error.doing : error.message()};
}

}  // namespace

Weights weights_in(const SettingMap& settings)
{
    Weights weights;
    if (const auto* cpu = find_value<CpuWeight>(settings, Setting::cpu_weight))
        weights.cpu = *cpu;
    if (const auto* io = find_value<IoWeight>(settings, Setting::io_weight))
        weights.io = *io;
    return weights;
}

std::string to_text(const Weights& weights)
{
    if (weights.empty())
        return "none";
    std::string text;
    if (weights.cpu)
        text = fmt::format("cpu_weight {}", to_text(Value{*weights.cpu}));
    if (weights.io)
        text += fmt::format("{}io_weight {}", text.empty() ? "" : ", ", weights.io->value());
    return text;
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
    mark(group, now);
}

void UnitWeights::mark(Group& group, Instant now)
{
    group.has_changed = true;
    if (!due_)
        due_ = now + kSettleDelay;
}

void UnitWeights::settle()
{
    due_.reset();
    for (auto& [unit, group] : groups_) {
        if (!group.is_asked && std::exchange(group.has_changed, false))
            settle_one(unit, group);
    }
    std::erase_if(groups_, [](const auto& entry) {
        const Group& group = entry.second;
        return group.members.empty() && group.written.empty() && !group.is_asked;
    });
}

/// A process that asks for nothing keeps the unit at what units usually have.
Weights UnitWeights::common_wish(const Unit& unit, Group& group)
{
    const auto all = managers_.processes_in(unit);
    const auto is_other = [&](Pid pid) { return !group.members.contains(pid); };
    group.has_others = std::ranges::any_of(all, is_other);
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
    if (group.is_held || wish == group.written)
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
        if (!found)
            its.outcome = outcome_of(found.error()).to_text();
        else if (its.is_held)
            its.outcome = Outcome{Outcome::Kind::held, "the unit has " + to_text(*found)}.to_text();
        else
            settle_one(unit, its);
    });
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
    group.outcome = (answer ? Outcome{Outcome::Kind::applied, {}} : outcome_of(answer.error())).to_text();
    if (answer || answer.error().is_vanished())
        group.written = answer ? weights : Weights{};
    if (answer && std::exchange(group.has_changed, false))  // meanwhile
        settle_one(unit, group);
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
        group.is_known = true;
        group.written.cpu =
            kUsualCpu;  // whatever it is: it differs from nothing, so that it is written anew or taken back
        mark(group, now);
    }
}

std::vector<Unit> UnitWeights::changed() const
{
    std::vector<Unit> units;
    for (const auto& [unit, group] : groups_) {
        if (!group.written.empty() || (group.is_asked && group.is_known))
            units.push_back(unit);
    }
    return units;
}

std::string UnitWeights::State::to_text() const
{
    const auto what = outcome.empty() ? std::string{kNotTried} : outcome;
    return fmt::format("{} ({}; priorityd has set: {})", what, because, priorityd::to_text(written));
}

std::optional<UnitWeights::State> UnitWeights::state(Pid pid) const
{
    const auto known = unit_of_.find(pid);
    if (known == unit_of_.end())
        return std::nullopt;
    const Group& group = groups_.at(known->second);
    const auto because =
        group.has_others
            ? fmt::format("unit {}: not below 100, there are processes in it without a weight", known->second.name)
            : fmt::format("unit {}: for all of its processes ({})", known->second.name, group.members.size());
    return State{.written = group.written, .because = because, .outcome = group.outcome};
}

}  // namespace priorityd
