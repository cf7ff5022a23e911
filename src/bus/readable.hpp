// SPDX-License-Identifier: GPL-3.0-or-later
/// Texts that are meant to be safe already, made safe when they are not.
#pragma once

#include <string>
#include <string_view>

namespace priorityd::bus {

/// As it is when it is valid UTF-8 without control characters, else escaped(). For texts that priorityd has composed,
/// and that may hold escaped names: their backslashes are not doubled.
[[nodiscard]] std::string readable(std::string_view text);

}  // namespace priorityd::bus
