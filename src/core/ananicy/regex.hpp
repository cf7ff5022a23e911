// SPDX-License-Identifier: GPL-3.0-or-later
/// From regular expressions on names to globs. priorityd has none of the former: one that a file brings in could hold
/// the daemon up for as long as it likes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace priorityd::ananicy {

/// The globs that together match the same names, each of them as a whole; an expression without anchors may match
/// anywhere in a name. Empty when there is no such list, or one of more than 64: for repetitions of anything but `.`,
/// for looking around and looking back, for word boundaries.
[[nodiscard]] std::optional<std::vector<std::string>> globs_of(std::string_view regex);

}  // namespace priorityd::ananicy
