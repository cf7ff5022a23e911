// SPDX-License-Identifier: GPL-3.0-or-later
/// The known word that a misspelt one was probably meant to be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace priorityd {

/// The closest of `known` by edit distance (insert, delete, replace, swap of neighbours), if it is close enough that a
/// person would call it a slip: at most a third of the word's length, and at least one edit is always allowed.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      const std::vector<std::string_view>& known);

/// "; did you mean \"nice\"?" or, when nothing is near, "; known here: a, b, c".
[[nodiscard]] std::string suggestion(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace priorityd
