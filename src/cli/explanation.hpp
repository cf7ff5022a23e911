// SPDX-License-Identifier: GPL-3.0-or-later
/// An explanation as a table for people.
#pragma once

#include "cli/output.hpp"
#include "core/explain.hpp"

namespace priorityd::cli {

/// The contributions in order, the winners marked; or a sentence when there are none.
[[nodiscard]] std::string contributions_text(const Explanation& explanation, Colour colour);
/// With whom the process competes for CPU time; nothing for one that need not exist.
[[nodiscard]] std::string shares_text(const Explanation& explanation, Colour colour);

}  // namespace priorityd::cli
