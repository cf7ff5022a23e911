// SPDX-License-Identifier: GPL-3.0-or-later
/// All processes at once, for scans: by libproc2 from the /proc of this system.
#pragma once

#include <vector>

#include "core/ids.hpp"
#include "core/result.hpp"

namespace priorityd::kernel {

/// Every process but kernel threads, in no order. Errors: those of libproc2, as when /proc is not mounted.
[[nodiscard]] Result<std::vector<Pid>> list_processes();

}  // namespace priorityd::kernel
