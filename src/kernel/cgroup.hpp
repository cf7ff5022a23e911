// SPDX-License-Identifier: GPL-3.0-or-later
/// Control groups, version 2: who is in them. They are read, never written: they belong to systemd.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/units.hpp"
#include "kernel/procfs_text.hpp"

namespace priorityd::kernel {

/// Whether the controller ("cpu", "io") is there for the cgroups of this machine. `sys_root`: an open /sys.
[[nodiscard]] bool has_controller(int sys_root, std::string_view controller);

/// Whether CPU time is shared out between this cgroup and its siblings.
[[nodiscard]] bool shares_out_cpu(int sys_root, std::string_view cgroup);

/// The CPUs that a cgroup is confined to, by its own settings or those above. Errors: ENOENT where the controller is
/// not there.
[[nodiscard]] Result<CpuSet> cpuset_of(int sys_root, const CgroupPaths& cgroup);

/// The processes in a cgroup and in all below it, in no order. Empty when there is no such cgroup.
[[nodiscard]] std::vector<Pid> processes_in_cgroup(int sys_root, const std::string& cgroup);

}  // namespace priorityd::kernel
