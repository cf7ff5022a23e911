// SPDX-License-Identifier: GPL-3.0-or-later
/// Where the kernel's file systems are, so that a test can give folders of its own.
#pragma once

#include <string>

#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

struct Roots {
    std::string proc = "/proc";
    std::string sys = "/sys";
};

/// The open folders that processes are found in.
struct RootFolders {
    UniqueFd proc;
    UniqueFd sys;
    bool is_own_proc = false;  ///< It is the /proc that libraries look at.
};

}  // namespace priorityd::kernel
