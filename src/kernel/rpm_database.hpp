// SPDX-License-Identifier: GPL-3.0-or-later
/// Which packages of RPM have put files there, and what they say of themselves.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/scoring/program_info.hpp"
#include "kernel/desktop_entries.hpp"

namespace priorityd::kernel {

struct RpmPackage {
    ProgramInfo info;             ///< Its group and its summary.
    std::set<std::size_t> files;  ///< Which of the paths asked about are its own: indices.
};

/// By the numbers that the database gives them.
using RpmPackages = std::map<std::int64_t, RpmPackage>;

/// The packages that these paths are of. `databases`: where RPM's may be, in its format for SQLite; the first that is
/// there counts. It is read as RPM has last left it: what a transaction of RPM has written by then is known when it
/// ends, and while RPM writes to the file itself nothing is. Source: the tables of `rpmdb.sqlite` since RPM 4.16.
[[nodiscard]] RpmPackages rpm_packages_of(const std::vector<std::string>& paths,
                                          const std::vector<std::string>& databases, const std::stop_token& stop,
                                          Refused& refused);

}  // namespace priorityd::kernel
