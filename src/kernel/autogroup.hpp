// SPDX-License-Identifier: GPL-3.0-or-later
/// Whether a process's autogroup is what decides over its CPU time. Source: sched(7), "The autogroup feature".
#pragma once

#include <optional>
#include <string>

#include "kernel/procfs_text.hpp"

namespace priorityd::kernel {

/// The sysctl, below the root of /proc. False also where the kernel was built without autogroups.
[[nodiscard]] bool is_autogroup_enabled(int proc_root);

/// Why something else than the autogroup decides for a process in these cgroups; empty when the autogroup does, which
/// is so for the root task group alone. `sys_root`: an open /sys. A path that leads out of the own cgroup namespace
/// counts as a reason.
[[nodiscard]] std::optional<std::string> what_overrides_autogroup(int sys_root, const CgroupPaths& cgroups);

}  // namespace priorityd::kernel
