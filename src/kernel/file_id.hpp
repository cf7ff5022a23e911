// SPDX-License-Identifier: GPL-3.0-or-later
/// Which file a path leads to.
#pragma once

#include "core/snapshot.hpp"

namespace priorityd::kernel {

/// The file that a path leads to; all zero where there is none. `below`: an open folder, or AT_FDCWD.
[[nodiscard]] FileId file_id(int below, const char* path);

}  // namespace priorityd::kernel
