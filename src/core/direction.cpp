// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/direction.hpp"

#include <cstdint>
#include <optional>

namespace priorityd {
namespace {

using Rank = std::optional<std::int64_t>;

/// How much a value gives, more is better; empty for values that have no better and worse.
struct RankOf {
    Rank operator()(Nice nice) const { return -nice.value(); }
    Rank operator()(const SchedPolicy& policy) const
    {
        using Kind = SchedPolicy::Kind;
        switch (policy.kind) {
            case Kind::idle: return 0;
            case Kind::batch: return 1;
            case Kind::other: return 2;
            case Kind::fifo:
            case Kind::rr: break;
        }
        return 2 + policy.priority;
    }
    Rank operator()(const IoPriority& io) const
    {
        using Class = IoPriority::Class;
        constexpr int kLevels = 8;
        constexpr int kUsualLevel = 4;  // what the class "none" competes as, at nice 0; source: ioprio_set(2)
        switch (io.io_class) {
            case Class::idle: return 0;
            case Class::none: return kLevels - kUsualLevel;
            case Class::best_effort: return kLevels - io.level;
            case Class::realtime: break;
        }
        return 2 * kLevels - io.level;
    }
    Rank operator()(const CpuWeight& weight) const { return weight.value; }
    Rank operator()(const IoWeight& weight) const { return weight.value(); }
    Rank operator()(const OomScoreAdj& score) const { return -score.value(); }
    Rank operator()(const Slice& slice) const { return -slice.length.count(); }
    Rank operator()(const TimerSlack& slack) const { return -slack.length.count(); }
    Rank operator()(const UclampPercent& clamp) const { return clamp.value(); }
    Rank operator()(const CpuChoice&) const { return std::nullopt; }
    Rank operator()(const ClassName&) const { return std::nullopt; }
    Rank operator()(ChildrenPolicy) const { return std::nullopt; }
};

Rank rank_of(const Value& value)
{
    return std::visit(RankOf{}, value);
}

/// What an untouched process has. Source: sched(7), ioprio_set(2), proc(5), prctl(2), cgroup v2.
std::optional<Value> untouched(Setting setting)
{
    constexpr auto kUsualSlack = std::chrono::microseconds{50};
    switch (setting) {
        case Setting::nice: return *Nice::make(0);
        case Setting::sched: return SchedPolicy{};
        case Setting::io: return IoPriority{};
        case Setting::cpu_weight: return CpuWeight{};
        case Setting::io_weight: return *IoWeight::make(100);
        case Setting::oom_score_adj: return *OomScoreAdj::make(0);
        case Setting::timer_slack: return *TimerSlack::make(kUsualSlack);
        case Setting::uclamp_min: return *UclampPercent::make(0);
        case Setting::uclamp_max: return *UclampPercent::make(100);
        case Setting::program_class:
        case Setting::slice:
        case Setting::cpus:
        case Setting::children: break;
    }
    return std::nullopt;
}

Direction from_untouched(Setting setting, const Value& value)
{
    const auto usual = untouched(setting);
    return usual ? direction(*usual, value) : Direction::sideways;
}

bool is_of_cpu_time(Setting setting)
{
    return setting == Setting::nice || setting == Setting::sched || setting == Setting::cpu_weight;
}

}  // namespace

Direction direction(const Value& from, const Value& to)
{
    const Rank before = rank_of(from);
    const Rank after = rank_of(to);
    if (!before || !after || *before == *after)
        return Direction::sideways;
    return *after > *before ? Direction::raised : Direction::lowered;
}

bool is_raised(Setting setting, const Value& value)
{
    return from_untouched(setting, value) == Direction::raised;
}

Direction direction_of(const SettingMap& settings)
{
    for (const bool of_cpu_time : {true, false}) {
        bool is_raising = false;
        bool is_lowering = false;
        for (const auto& [setting, value] : settings) {
            if (is_of_cpu_time(setting) != of_cpu_time)
                continue;
            const auto moved = from_untouched(setting, value);
            is_raising = is_raising || moved == Direction::raised;
            is_lowering = is_lowering || moved == Direction::lowered;
        }
        if (is_raising != is_lowering)
            return is_raising ? Direction::raised : Direction::lowered;
        if (is_raising)
            break;  // a contradiction
    }
    return Direction::sideways;
}

}  // namespace priorityd
