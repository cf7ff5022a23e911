// SPDX-License-Identifier: GPL-3.0-or-later
/// Globs over bytes: `*` any run, `?` one byte, `[a-z]` and `[!a-z]` sets, `\` takes the next literally. `*` crosses
/// `/`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace priorityd {

enum class Case : std::uint8_t { sensitive, ignored };  ///< ignored folds ASCII letters only.

/// True for a pattern with an active `*`, `?` or `[`.
[[nodiscard]] bool has_wildcards(std::string_view pattern);
/// The text that a pattern without wildcards stands for: its backslashes are taken out.
[[nodiscard]] std::string unescape(std::string_view pattern);
/// A pattern that stands for this text alone.
[[nodiscard]] std::string glob_escaped(std::string_view text);
/// Matches the whole of `text`. Time is bounded by the product of the lengths, for any input. An unclosed `[` is
/// literal.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text, Case letters);
/// The bytes that every match must begin with; may be empty.
[[nodiscard]] std::string literal_prefix(std::string_view pattern);

/// ASCII letters in lower case, all else as it is.
[[nodiscard]] constexpr char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] std::string ascii_lower(std::string_view text);
/// True for names of Windows programs, ".exe" in any case: those are compared without case.
[[nodiscard]] bool is_windows_name(std::string_view name);

}  // namespace priorityd
