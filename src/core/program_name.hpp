// SPDX-License-Identifier: GPL-3.0-or-later
/// When two names of programs are the same: byte by byte, but for Windows programs in any case.
#pragma once

#include <cstddef>
#include <string_view>

namespace priorityd {

[[nodiscard]] bool is_same_name(std::string_view a, std::string_view b);
/// Equal for names that are the same.
[[nodiscard]] std::size_t hash_of_name(std::string_view name);
/// Equal without regard to case, Windows programs or not. ASCII letters only.
[[nodiscard]] bool is_same_folded(std::string_view a, std::string_view b);

}  // namespace priorityd
