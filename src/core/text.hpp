// SPDX-License-Identifier: GPL-3.0-or-later
/// Making text from processes safe to show: names are any bytes, terminals and D-Bus are not.
#pragma once

#include <string>
#include <string_view>

namespace priorityd {

/// Valid UTF-8 without control characters: newline, escape sequences, DEL, C1 controls and invalid bytes come out as
/// `\n`, `\x1b`, `\xff` …; a backslash as `\\`. What is already safe comes out as it went in.
[[nodiscard]] std::string escaped(std::string_view bytes);

/// Whether all of it is valid UTF-8 without control characters.
[[nodiscard]] bool is_readable(std::string_view bytes);

/// As a basic string of TOML, in quotes. Control characters, C1 too, are written by their numbers, so that they do
/// nothing to a terminal. `utf8`: valid UTF-8, as TOML is.
[[nodiscard]] std::string toml_string(std::string_view utf8);

/// Whether all of it is well-formed UTF-8; control characters and NUL are.
[[nodiscard]] bool is_utf8(std::string_view bytes);

}  // namespace priorityd
