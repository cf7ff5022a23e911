// SPDX-License-Identifier: GPL-3.0-or-later
/// Which knobs of this kernel do something, as probed once at start.
#pragma once

#include <map>
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

}  // namespace priorityd
