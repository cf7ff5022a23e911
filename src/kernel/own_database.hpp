// SPDX-License-Identifier: GPL-3.0-or-later
/// A file of SQLite in which a program of this project keeps something: made, opened, checked, and moved aside where it
/// is broken. Waits for the disk.
#pragma once

#include <filesystem>

#include "core/result.hpp"
#include "kernel/sqlite.hpp"

namespace priorityd::kernel {

/// Opens the file for this process alone, with a write-ahead log and little memory; makes it, mode 0600, if need be.
/// Errors: those of open(2) and of Database.
[[nodiscard]] Result<Database> open_own(const std::filesystem::path& file);

/// Whether its tables are there. False: it is empty, and can be begun. Errors: EUCLEAN when it is another program's or
/// of another version, which is its user_version.
[[nodiscard]] Result<bool> has_begun(Database& database, int version);
/// Reads all of it once. Errors: EUCLEAN.
[[nodiscard]] Result<void> check_whole(Database& database);

/// Whether the file itself is at fault, rather than the disk or the moment, so that another one would do better.
[[nodiscard]] bool is_file_at_fault(const Error& error);
/// Moves the file, with what belongs to it, to FILE.broken-1, -2 or -3; over the last of them where there are so many.
/// Returns where it has gone. Errors: those of rename(2).
[[nodiscard]] Result<std::filesystem::path> set_aside(const std::filesystem::path& file);

}  // namespace priorityd::kernel
