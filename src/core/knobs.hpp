// SPDX-License-Identifier: GPL-3.0-or-later
/// Which knobs of this kernel do something, as probed once at start.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace priorityd {

/// Names of knobs: the names of the settings that are written ("nice", "sched", "slice", "io", "cpu_weight",
/// "io_weight", "cpus", "oom_score_adj", "timer_slack", "uclamp_min", "uclamp_max") and "autogroup".
struct KnobState {
    bool is_live = false;
    std::string why;  ///< Why it is not live, or what limits it; may be empty when live.

    /// "live" or "not live: why".
    [[nodiscard]] std::string to_text() const
    {
        return is_live ? (why.empty() ? "live" : "live (" + why + ")") : "not live: " + why;
    }
};

/// By name, so that status can list them in one order.
using Knobs = std::map<std::string, KnobState, std::less<>>;

/// A scheduler that decides instead of the kernel's own. Source: Documentation/scheduler/sched-ext.rst.
struct ForeignScheduler {
    std::string name;                       ///< As it calls itself: "bpfland_1.0.10_x86_64-unknown-linux-gnu".
    std::optional<bool> heeds_nice;         ///< Empty for one that is not known here.
    std::optional<bool> heeds_cpu_weights;  ///< Likewise.
};

/// What such a scheduler makes of a knob that it heeds, does not heed, or that nobody knows of.
[[nodiscard]] std::string remark_on(const ForeignScheduler& scheduler, std::optional<bool> heeds);

/// The same knobs, with a remark at those that are up to such a scheduler. They stay live: it may go at any time.
[[nodiscard]] Knobs under(const std::optional<ForeignScheduler>& scheduler, Knobs knobs);

/// The same knobs, with a remark at "cpus" where the kernel itself keeps the threads of a process together in a cache.
[[nodiscard]] Knobs beside_gathering(bool kernel_gathers, Knobs knobs);

}  // namespace priorityd
