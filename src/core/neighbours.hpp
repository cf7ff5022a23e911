// SPDX-License-Identifier: GPL-3.0-or-later
/// Other programs that have a say in what priorityd does, and how the two get along. None of them is fought: what they
/// set is left to them, like everything that somebody else has set.
#pragma once

#include <string_view>

namespace priorityd {

struct Neighbour {
    std::string_view comm;    ///< As the kernel has it: cut after 15 bytes.
    std::string_view name;    ///< As people have it.
    std::string_view manner;  ///< What it does, and what that means here: for `status`.
};

/// Null for a program that priorityd need not know of. To add one, add a row to the table.
[[nodiscard]] const Neighbour* find_neighbour(std::string_view comm);

}  // namespace priorityd
