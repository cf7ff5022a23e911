// SPDX-License-Identifier: GPL-3.0-or-later
/// What a backslash in a text of JSON stands for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace priorityd::ananicy {

/// Appends what the backslash at the beginning of `text` and the letters behind it stand for, as UTF-8; returns how
/// many bytes that were. In front of anything else a backslash stands for itself: people write paths of Windows so.
/// Half a surrogate pair becomes U+FFFD.
[[nodiscard]] std::size_t take_escape(std::string_view text, std::string& into);

}  // namespace priorityd::ananicy
