// SPDX-License-Identifier: GPL-3.0-or-later
/// Reading and writing files of the kernel, each in as few system calls as it takes and without allocating.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

/// What `file`, below the open folder `folder`, holds now, as far as `buffer` reaches. The kernel gives such a file
/// whole with one read. Errors: those of openat and read; `doing` names the file alone.
[[nodiscard]] inline Result<std::string_view> read_small_file(int folder, const char* file, std::span<char> buffer)
{
    const UniqueFd descriptor{::openat(folder, file, O_RDONLY | O_CLOEXEC)};
    if (!descriptor)
        return failure(errno, std::string{"open "} + file);
    const ssize_t length = ::read(descriptor.get(), buffer.data(), buffer.size());
    if (length < 0)
        return failure(errno, std::string{"read "} + file);
    return std::string_view{buffer.data(), static_cast<std::size_t>(length)};
}

/// Writes `text` with one write, as files of the kernel want it. Errors: those of openat and write.
[[nodiscard]] inline Result<void> write_small_file(int folder, const char* file, std::string_view text)
{
    const UniqueFd descriptor{::openat(folder, file, O_WRONLY | O_CLOEXEC)};
    if (!descriptor)
        return failure(errno, std::string{"open "} + file);
    if (::write(descriptor.get(), text.data(), text.size()) < 0)
        return failure(errno, std::string{"write "} + file);
    return {};
}

}  // namespace priorityd::kernel
