// SPDX-License-Identifier: GPL-3.0-or-later
/// A file descriptor that is closed when its owner goes.
#pragma once

#include <unistd.h>

#include <utility>

namespace priorityd::kernel {

/// Owns one open descriptor, or none. Meant for the line after the system call: `UniqueFd file{::open(…)};`, where a
/// failed call's -1 gives an empty one. errno is left as the call has set it.
class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_{fd} {}
    UniqueFd(UniqueFd&& other) noexcept : fd_{other.release()} {}
    UniqueFd& operator=(UniqueFd&& other) noexcept
    {
        reset(other.release());
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() { reset(); }

    [[nodiscard]] explicit operator bool() const { return fd_ >= 0; }
    /// The descriptor, still owned by this object; -1 when empty.
    [[nodiscard]] int get() const { return fd_; }
    /// Hands the descriptor over to the caller, who closes it.
    [[nodiscard]] int release() { return std::exchange(fd_, kNone); }
    /// Closes what is held and takes `fd` instead. close(2)'s answer is not looked at: Linux frees the number in any
    /// case.
    void reset(int fd = kNone)
    {
        const int old = std::exchange(fd_, fd);
        if (old >= 0)
            ::close(old);
    }

private:
    static constexpr int kNone = -1;
    int fd_ = kNone;
};

}  // namespace priorityd::kernel
