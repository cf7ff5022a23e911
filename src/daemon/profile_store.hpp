// SPDX-License-Identifier: GPL-3.0-or-later
/// What was learned of programs, on disk: profiles.sqlite in the state folder. Waits for the disk, so that all of it is
/// for a thread that may.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/scoring/profiles.hpp"

namespace priorityd::daemon {

/// The file is open only while it is read or written.
class ProfileStore {
public:
    explicit ProfileStore(const std::filesystem::path& state) : file_{state / "profiles.sqlite"} {}

    struct Loaded {
        ProfileRecords kept;
        std::vector<std::string> notes;  ///< What was wrong, and where it has gone; a line each, safe to show.
    };

    /// Empty when there is no such file. One that is broken, no database, of another version or not to be read is moved
    /// to profiles.sqlite.broken-1, -2 or -3, with what belongs to it. At most Profiles::kMost, those that were seen
    /// last.
    [[nodiscard]] Loaded load() const;

    /// Writes changes, all of them or none; makes the file, mode 0600, if need be. Errors: EUCLEAN when it was broken
    /// and has been moved aside as above: then everything has to be saved again. ENOSPC, EROFS, EACCES and their like.
    [[nodiscard]] Result<void> save(const ProfileRecords& changes) const;

private:
    [[nodiscard]] Result<ProfileRecords> read() const;
    [[nodiscard]] Result<void> write(const ProfileRecords& changes) const;

    std::filesystem::path file_;
};

}  // namespace priorityd::daemon
