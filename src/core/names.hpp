// SPDX-License-Identifier: GPL-3.0-or-later
/// The names that a process goes by.
#pragma once

#include <string_view>

#include "core/snapshot.hpp"

namespace priorityd {

/// What follows the last `/` or `\`; the whole text when there is none.
[[nodiscard]] std::string_view base_name(std::string_view path);

/// The names of a process from its exe, comm and argv: for an interpreter the script's or `-m` module's base name
/// (a module also by its full dotted name), exe's base name, base name of argv[0], comm. No empty ones, none twice.
[[nodiscard]] Names names_of(const Snapshot& process);

/// The name to show where it is not known who looks: that of the program or comm, never one that stands in arguments.
[[nodiscard]] std::string_view public_name(const Snapshot& process);

}  // namespace priorityd
