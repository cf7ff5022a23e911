// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/state_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <system_error>

#include <fmt/format.h>

namespace priorityd::daemon {

Result<StateLock> StateLock::take(const std::filesystem::path& folder)
{
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        return failure(error.value(), fmt::format("mkdir({})", folder.string()));
    const auto path = folder / "lock";
    kernel::UniqueFd file{open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!file)
        return failure(errno, fmt::format("open({})", path.string()));
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0)
        return failure(errno, fmt::format("lock({})", path.string()));
    return StateLock{std::move(file)};
}

}  // namespace priorityd::daemon
