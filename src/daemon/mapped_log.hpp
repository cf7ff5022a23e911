// SPDX-License-Identifier: GPL-3.0-or-later
/// A file that is appended to through memory: a line costs neither a system call nor ever a wait for the disk, and what
/// was appended is in the file even if the process is killed right after.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "core/result.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::daemon {

/// What is behind the end of the log is zeros. A page that the file system cannot give (somebody has cut the file
/// short, a disk is full that promised room) is replaced by memory, where SIGBUS would end the process: then the log is
/// lost. Only one in a process is guarded so, the one that was appended to last; SIGBUS of other memory is answered as
/// before.
class MappedLog {
public:
    /// The log ends after `used` bytes of `file`; `room` more are reserved behind it. Errors: those of
    /// posix_fallocate(3), ENOSPC among them, and of mmap(2).
    [[nodiscard]] static Result<MappedLog> map(kernel::UniqueFd file, std::size_t used, std::size_t room);
    MappedLog(MappedLog&& other) noexcept;
    MappedLog& operator=(MappedLog&& other) noexcept;
    MappedLog(const MappedLog&) = delete;
    MappedLog& operator=(const MappedLog&) = delete;
    ~MappedLog();

    /// Bytes that can be appended before it has to grow.
    [[nodiscard]] std::size_t room() const { return size_ - used_; }
    /// Reserves this much more. Takes about 0.1 ms, and may wait for a disk. Errors: as for map; then nothing changes.
    [[nodiscard]] Result<void> grow(std::size_t more);
    /// Precondition: there is room. False when it is lost, or something before it.
    [[nodiscard]] bool append(std::string_view text);

private:
    MappedLog(kernel::UniqueFd file, std::size_t used) : file_{std::move(file)}, used_{used} {}
    void unmap();

    kernel::UniqueFd file_;
    char* begin_ = nullptr;
    std::size_t size_ = 0;
    std::size_t used_ = 0;
    bool is_lost_ = false;
};

}  // namespace priorityd::daemon
