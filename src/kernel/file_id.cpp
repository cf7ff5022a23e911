// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/file_id.hpp"

#include <sys/stat.h>

#include <cstdint>

namespace priorityd::kernel {

FileId file_id(int below, const char* path)
{
    constexpr std::int64_t kNanosecondsASecond = 1'000'000'000;
    struct stat info {};
    if (::fstatat(below, path, &info, 0) != 0)
        return {};
    return {.device = info.st_dev,
            .inode = info.st_ino,
            .changed = info.st_ctim.tv_sec * kNanosecondsASecond + info.st_ctim.tv_nsec};
}

}  // namespace priorityd::kernel
