// SPDX-License-Identifier: GPL-3.0-or-later
/// What a process has that nobody has ever given anything.
#pragma once

#include <chrono>

#include "core/setting.hpp"
#include "kernel/sched.hpp"

namespace priorityd::kernel {

/// The value of each setting that a process has, and hands down to its children, as long as neither it nor an ancestor
/// was given another: as ProcessHandle::actual() tells it. Without the CPUs, which depend on where the process was put,
/// and without weights, which are not a process's. `default_slice`: of this kernel; zero leaves the slice out.
///
/// io is "none", whatever the nice value: for one process ioprio_get(2) answers with what was set, and derives nothing
/// from policy and nice value, as it does for groups and users. Source: get_task_raw_ioprio() in block/ioprio.c, of
/// Linux 6.18; so it was before 5.15 too, there with level 4, which means nothing under this class. From 5.15 on,
/// until 5.15.60, 5.18.17 and 5.19.1, the answer was best-effort/4 (IOPRIO_DEFAULT in include/linux/ioprio.h), which
/// looks like the choice of somebody. The other values are those of init_task in init/init_task.c; a real-time thread
/// has a timer slack of 0 as long as it is one.
[[nodiscard]] SettingMap untouched_values(std::chrono::nanoseconds default_slice = kernel::default_slice());

}  // namespace priorityd::kernel
