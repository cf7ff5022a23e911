// SPDX-License-Identifier: GPL-3.0-or-later
/// One original as a line of text: written in well under a microsecond, read with distrust.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/ports.hpp"

namespace priorityd::daemon {

/// Whether it can be put back: a class is nothing that a process has.
[[nodiscard]] bool is_kept_in_journal(Setting setting);

/// Appends "PID START SETTING BEFORE WRITTEN" and a newline. Precondition: is_kept_in_journal.
void append_line(const Original& original, std::string& into);
/// Appends "autogroup NUMBER BEFORE WRITTEN" and a newline.
void append_line(const SessionOriginal& original, std::string& into);

using Line = std::variant<Original, SessionOriginal>;
/// The line without its newline; empty for anything that append_line does not write.
[[nodiscard]] std::optional<Line> parse_line(std::string_view line);

}  // namespace priorityd::daemon
