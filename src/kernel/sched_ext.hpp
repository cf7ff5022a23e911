// SPDX-License-Identifier: GPL-3.0-or-later
/// Which sched_ext scheduler is loaded, if any, and what it is known to make of priorities.
#pragma once

#include <optional>

#include "core/knobs.hpp"
#include "kernel/roots.hpp"

namespace priorityd::kernel {

/// Empty while the kernel's own scheduler decides, and where one is loaded for those alone that ask for SCHED_EXT.
/// `sys_root`: an open /sys. Costs three reads; it may change at any time.
[[nodiscard]] std::optional<ForeignScheduler> foreign_scheduler(int sys_root);
[[nodiscard]] std::optional<ForeignScheduler> foreign_scheduler(const Roots& roots);

}  // namespace priorityd::kernel
