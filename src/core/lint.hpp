// SPDX-License-Identifier: GPL-3.0-or-later
/// What is allowed in rules and probably not meant: for those who write them, not for the daemon's log.
#pragma once

#include "core/diagnostic.hpp"
#include "core/policy.hpp"

namespace priorityd {

/// Warnings, sorted, about rules for single names that can never match, that differ in case alone, and that begin with
/// the same 15 bytes, which is all that the kernel keeps of a name, while they say different things; and about values
/// of overlays that change nothing, or that the kernel refuses beside others of the class.
[[nodiscard]] Diagnostics lint(const Policy& policy);

}  // namespace priorityd
