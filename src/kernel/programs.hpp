// SPDX-License-Identifier: GPL-3.0-or-later
/// What packages and desktop entries on this machine say of programs. Reads some megabytes: for a thread that may wait.
#pragma once

#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/scoring/program_info.hpp"
#include "core/snapshot.hpp"

namespace priorityd::kernel {

/// Where they are written. Tests point them elsewhere.
struct ProgramPlaces {
    std::string dpkg = "/var/lib/dpkg";
    /// The system's, in which an ordinary user can put nothing. Source: XDG Base Directory Specification, Flatpak,
    /// Snap.
    std::vector<std::string> applications{"/usr/local/share/applications", "/usr/share/applications",
                                          "/var/lib/flatpak/exports/share/applications",
                                          "/var/lib/snapd/desktop/applications"};
};

/// As many as there are programs, in their order. Nothing is known of a program whose path leads to another file here,
/// as in a container. What cannot be read is passed over. Costs a millisecond where packages are called like their
/// programs, else some twenty, for any number of programs; seconds where all of it has to come from a slow disk. Gives
/// up soon after `stop` is asked for, with what is known by then.
[[nodiscard]] std::vector<ProgramInfo> look_up_programs(const std::vector<ProgramFile>& programs,
                                                        const std::stop_token& stop, const ProgramPlaces& places = {});

/// The file that a path leads to; all zero where there is none. `below`: an open folder, or AT_FDCWD.
[[nodiscard]] FileId file_id(int below, const char* path);

}  // namespace priorityd::kernel
