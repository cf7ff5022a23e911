// SPDX-License-Identifier: GPL-3.0-or-later
/// Lengths of time as people say them: "90s", "1h30min". Source: systemd.time(7), "Parsing time spans".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace priorityd::cli {

/// Whole numbers, each with its unit (s, min, h, d, w and their longer names), added up; blanks may stand between.
/// Empty without a unit, for zero, and for more than a hundred years.
[[nodiscard]] std::optional<std::chrono::seconds> parse_time_span(std::string_view text);
/// The two largest units, a part of a second counts as a whole one: "1h 30min", "12s".
[[nodiscard]] std::string time_span_text(std::chrono::microseconds span);

}  // namespace priorityd::cli
