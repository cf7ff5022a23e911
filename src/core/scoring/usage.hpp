// SPDX-License-Identifier: GPL-3.0-or-later
/// What the kernel has counted of a process, and what that makes between two looks at it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/ids.hpp"
#include "core/units.hpp"

namespace priorityd {

/// Up to one moment, all threads together. Source: taskstats.rst; proc(5), stat and io.
struct UsageSample {
    Instant when{};
    std::chrono::nanoseconds run{};           ///< On a CPU, threads that have ended included.
    std::chrono::nanoseconds delay{};         ///< Runnable, and waiting for a CPU.
    std::uint64_t turns = 0;                  ///< How often it was put on a CPU.
    std::uint64_t sleeps = 0;                 ///< Voluntary switches: it had nothing to do, or waited.
    std::uint64_t preemptions = 0;            ///< Involuntary switches.
    std::uint64_t bytes = 0;                  ///< Read from and written to storage.
    std::chrono::nanoseconds children_run{};  ///< On a CPU, by children that have ended and been waited for.
    int threads = 1;
};

/// What a process did between two samples, as rates.
struct Usage {
    double cpus = 0;                   ///< Of one CPU; more than 1 with several threads.
    double delayed = 0;                ///< Parts of a CPU that it wanted and did not get.
    double turns = 0;                  ///< A second.
    double wakeups = 0;                ///< A second.
    double preemptions = 0;            ///< A second.
    double bytes = 0;                  ///< A second.
    double children_cpus = 0;          ///< Of one CPU, by children that have ended.
    std::chrono::nanoseconds burst{};  ///< How long it runs from a wake-up to the next sleep, on average.
    int threads = 1;
};

/// Precondition: `later` is later. Where a counter has gone back, because threads have ended, it counts as unchanged.
[[nodiscard]] Usage usage_between(const UsageSample& earlier, const UsageSample& later);

/// A process at the moment of a sample.
struct Sighting {
    ProcessKey key;
    Pid parent{};
    std::string comm;
    std::optional<Nice> nice;          ///< As in Snapshot.
    std::optional<SchedPolicy> sched;  ///< Likewise.
    bool is_kernel_thread = false;
    UsageSample usage;
};

}  // namespace priorityd
