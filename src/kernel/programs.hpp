// SPDX-License-Identifier: GPL-3.0-or-later
/// What packages and desktop entries on this machine say of programs. Reads some megabytes: for a thread that may wait.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/scoring/program_info.hpp"
#include "core/snapshot.hpp"
#include "kernel/desktop_entries.hpp"

namespace priorityd::kernel {

/// Where they are written. Tests point them elsewhere. All of it is the system's, and an ordinary user can put nothing
/// there; what users have installed in their homes is not looked at.
struct ProgramPlaces {
    std::string dpkg = "/var/lib/dpkg";
    /// The first that is there counts; the second is where it was before Fedora 36.
    std::vector<std::string> rpm{"/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite"};
    /// Of desktop entries, the highest precedence first. Source: XDG Base Directory Specification.
    std::vector<std::string> applications{"/usr/local/share/applications", "/usr/share/applications"};
    std::vector<std::string> flatpak{"/var/lib/flatpak/exports/share/applications"};
    std::vector<std::string> snap{"/var/lib/snapd/desktop/applications"};
};

struct ProgramFindings {
    std::vector<ProgramInfo> programs;  ///< As many as were asked for, in their order.
    Refused refused;
};

/// Nothing is known of a program whose path leads to another file here, as in a container; except of one that belongs
/// to an application in a mount namespace of its own, by that application's entry. What cannot be read is passed over.
/// Costs a millisecond where packages are called like their programs, else some twenty, for any number of programs;
/// seconds where all of it has to come from a slow disk. Gives up soon after `stop` is asked for, with what is known by
/// then.
[[nodiscard]] ProgramFindings look_up_programs(const std::vector<ProgramFile>& programs, const std::stop_token& stop,
                                               const ProgramPlaces& places = {});

}  // namespace priorityd::kernel
