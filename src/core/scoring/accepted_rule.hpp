// SPDX-License-Identifier: GPL-3.0-or-later
/// A suggestion that somebody has accepted, as a rule in a file.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/scoring/profiles.hpp"

namespace priorityd {

/// `text`, the file as it is, with the rule at its end; a head before it where the file is empty. Errors: EILSEQ where
/// path or class are no UTF-8, as TOML is.
[[nodiscard]] Result<std::string> with_accepted_rule(std::string_view text, const Suggestion& suggestion,
                                                     std::chrono::sys_seconds today);

}  // namespace priorityd
