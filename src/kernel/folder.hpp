// SPDX-License-Identifier: GPL-3.0-or-later
/// Listing a folder of the kernel below an open one.
#pragma once

#include <dirent.h>
#include <fcntl.h>

#include <memory>

#include "kernel/procfs_text.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

/// Null when it cannot be opened; errno then tells why.
[[nodiscard]] inline Folder open_folder(int below, const char* name)
{
    UniqueFd descriptor{::openat(below, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!descriptor)
        return nullptr;
    Folder folder{::fdopendir(descriptor.get())};
    if (folder)
        static_cast<void>(descriptor.release());  // closedir closes it now
    return folder;
}

/// Calls `visit` with each name in the folder that is a number, until it answers false.
template <typename Visit>
void for_each_number(DIR* folder, Visit visit)
{
    while (const dirent* entry = ::readdir(folder)) {
        const auto number = parse_number<int>(entry->d_name);
        if (number && *number >= 0 && !visit(*number))
            return;
    }
}

}  // namespace priorityd::kernel
