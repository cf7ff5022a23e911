// SPDX-License-Identifier: GPL-3.0-or-later
/// The file of rules that were suggestions: 80-accepted.toml, behind the shipped rules and before the last own ones.
#pragma once

#include <chrono>
#include <filesystem>

#include "core/policy.hpp"
#include "core/result.hpp"
#include "core/scoring/profiles.hpp"

namespace priorityd::daemon {

/// Adds the rule at the end of that file in `folder`, and tells the file; makes both if need be, for everybody to read.
/// Waits for the disk. The file is replaced whole, and only where it is sound: `policy` has the classes that it may
/// name. Errors: code 0 where the file would have a mistake, as one that somebody has written into it; ELOOP where it
/// is a link; EILSEQ for a path that is no UTF-8; those of mkdir(2), write(2), fsync(2) and rename(2).
[[nodiscard]] Result<std::filesystem::path> add_accepted_rule(const std::filesystem::path& folder,
                                                              const Suggestion& suggestion, const Policy& policy,
                                                              std::chrono::sys_seconds today);

}  // namespace priorityd::daemon
