// SPDX-License-Identifier: GPL-3.0-or-later
/// Where CPU time is shared out between cgroups, as the tree below /sys/fs/cgroup shows it. For whoever asks: a look
/// costs as many reads as there are siblings on the way.
#pragma once

#include <string_view>
#include <vector>

#include "core/cpu_standing.hpp"

namespace priorityd::kernel {

/// The cgroups from just below the root to the task group of a process in `cgroup`, each with what stands beside it.
/// Empty when that is the root's, and where cgroups cannot be read. `sys_root`: an open /sys.
[[nodiscard]] std::vector<CpuGroup> cpu_groups_on(int sys_root, std::string_view cgroup);

}  // namespace priorityd::kernel
