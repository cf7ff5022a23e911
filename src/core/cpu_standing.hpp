// SPDX-License-Identifier: GPL-3.0-or-later
/// With whom a process competes for CPU time, and by which knob: nice counts among the threads of one task group alone,
/// and groups compete with their siblings by weights of their own. Source: sched(7); cgroup v2, "CPU".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/knobs.hpp"
#include "core/setting.hpp"
#include "core/units.hpp"

namespace priorityd {

/// A cgroup whose CPU controller is on, beside its siblings.
struct CpuGroup {
    std::string path;                 ///< "/system.slice/mysql.service".
    CpuWeight weight;                 ///< Its own.
    std::size_t siblings = 0;         ///< Those beside it that have processes.
    std::uint64_t their_weights = 0;  ///< The sum over them; idle ones count nothing.

    /// 0..1: what it gets of its parent's time when all siblings want more than they get.
    [[nodiscard]] double share() const;
};

/// Where a process stands when CPU time is shared out.
struct CpuStanding {
    std::vector<CpuGroup> groups;  ///< From just below the root down to its task group; empty when that is the root's.
    std::string legacy_group;  ///< Its group of the CPU controller of cgroup v1, if not the root; weights are not read.
    std::optional<std::size_t> peers;  ///< Other processes in its task group; empty for the root's.
    SessionId session{};
    std::optional<Nice> autogroup;              ///< Of its session, where that is a group of its own.
    std::string no_autogroup;                   ///< Why it is none.
    std::optional<ForeignScheduler> scheduler;  ///< Empty while the kernel's own one decides.
};

/// One knob and what it does for this process.
struct ShareRow {
    std::string knob;   ///< "nice", "autogroup", "cpu_weight", or "sched" for a real-time process.
    std::string group;  ///< Whose it is: "process", "session 4711", "mysql.service", "system.slice".
    std::string value;  ///< "-4", "100".
    std::string among;  ///< With whom that competes, or why it does nothing.
    bool is_live = false;
    friend bool operator==(const ShareRow&, const ShareRow&) = default;
};

/// From the process outwards, the knobs that do nothing with the reason. `actual`: what the process has now.
[[nodiscard]] std::vector<ShareRow> explain_shares(const CpuStanding& standing, const SettingMap& actual);

}  // namespace priorityd
