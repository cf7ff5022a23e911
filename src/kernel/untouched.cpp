// SPDX-License-Identifier: GPL-3.0-or-later
/// The values of the first process, which all others have from it.
#include "kernel/untouched.hpp"

namespace priorityd::kernel {
namespace {

using namespace std::chrono_literals;

constexpr Nice kNice = *Nice::make(0);
constexpr TimerSlack kTimerSlack{50us};
constexpr OomScoreAdj kOomScoreAdj = *OomScoreAdj::make(0);
constexpr UclampPercent kLeast = *UclampPercent::make(0);
constexpr UclampPercent kMost = *UclampPercent::make(100);

}  // namespace

SettingMap untouched_values(std::chrono::nanoseconds default_slice)
{
    SettingMap values;
    values.set(Setting::nice, kNice);
    values.set(Setting::sched, SchedPolicy{});
    if (const auto slice = Slice::make(default_slice))
        values.set(Setting::slice, *slice);
    values.set(Setting::io, IoPriority{});
    values.set(Setting::oom_score_adj, kOomScoreAdj);
    values.set(Setting::timer_slack, kTimerSlack);
    values.set(Setting::uclamp_min, kLeast);
    values.set(Setting::uclamp_max, kMost);
    return values;
}

}  // namespace priorityd::kernel
