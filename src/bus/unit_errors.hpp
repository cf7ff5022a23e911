// SPDX-License-Identifier: GPL-3.0-or-later
/// What managers of units say when they cannot or will not, in the words of D-Bus and in those of the core.
#pragma once

#include <string>

#include <sdbus-c++/Error.h>

#include "core/result.hpp"

namespace priorityd::bus {

/// ENOENT when there is no such unit, EHOSTUNREACH without systemd, ETIMEDOUT, EACCES; else 0, with its own words.
[[nodiscard]] Error unit_error(const sdbus::Error& error, const std::string& doing);
/// The D-Bus error that unit_error() makes the same of again.
[[nodiscard]] sdbus::Error to_unit_error(const Error& error);

}  // namespace priorityd::bus
