// SPDX-License-Identifier: GPL-3.0-or-later
/// Where the kernel's file systems are, so that a test can give folders of its own.
#pragma once

#include <string>

namespace priorityd::kernel {

struct Roots {
    std::string proc = "/proc";
    std::string sys = "/sys";
};

}  // namespace priorityd::kernel
