// SPDX-License-Identifier: GPL-3.0-or-later
/// What tells one boot of the machine from another. Source: random(4), /proc/sys/kernel/random/boot_id.
#pragma once

#include <string>

#include "core/result.hpp"

namespace priorityd::daemon {

/// Errors: those of open(2) and read(2).
[[nodiscard]] Result<std::string> boot_id();

}  // namespace priorityd::daemon
