// SPDX-License-Identifier: GPL-3.0-or-later
/// Only one priorityd works in a state folder.
#pragma once

#include <filesystem>
#include <utility>

#include "core/result.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::daemon {

/// Held until the destructor, or the end of the process however that comes: no stale lock stays behind.
class StateLock {
public:
    /// Makes the folder if need be. Errors: EWOULDBLOCK when another instance holds it; those of mkdir(2) and open(2).
    [[nodiscard]] static Result<StateLock> take(const std::filesystem::path& folder);

private:
    explicit StateLock(kernel::UniqueFd file) : file_{std::move(file)} {}
    kernel::UniqueFd file_;
};

}  // namespace priorityd::daemon
