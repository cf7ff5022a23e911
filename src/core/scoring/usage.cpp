// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/usage.hpp"

#include <algorithm>

namespace priorityd {
namespace {

double seconds(std::chrono::nanoseconds duration)
{
    return std::chrono::duration<double>(duration).count();
}

template <typename Counter>
Counter growth(Counter before, Counter after)
{
    return after > before ? after - before : Counter{};
}

}  // namespace

Usage usage_between(const UsageSample& earlier, const UsageSample& later)
{
    const double time = seconds(later.when - earlier.when);
    const auto rate = [&](std::uint64_t before, std::uint64_t after) {
        return static_cast<double>(growth(before, after)) / time;
    };
    const auto part = [&](std::chrono::nanoseconds before, std::chrono::nanoseconds after) {
        return seconds(growth(before, after)) / time;
    };
    const auto sleeps = static_cast<std::int64_t>(growth(earlier.sleeps, later.sleeps));
    return {.cpus = part(earlier.run, later.run),
            .delayed = part(earlier.delay, later.delay),
            .turns = rate(earlier.turns, later.turns),
            .wakeups = rate(earlier.sleeps, later.sleeps),
            .preemptions = rate(earlier.preemptions, later.preemptions),
            .bytes = rate(earlier.bytes, later.bytes),
            .children_cpus = part(earlier.children_run, later.children_run),
            .burst = growth(earlier.run, later.run) / std::max<std::int64_t>(sleeps, 1),
            .threads = later.threads};
}

}  // namespace priorityd
