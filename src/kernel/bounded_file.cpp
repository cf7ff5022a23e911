// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/bounded_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>

#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

Result<std::string> read_bounded_file(const std::filesystem::path& path, std::size_t largest)
{
    const auto failed = [&](int code) { return failure(code, "read " + path.string()); };
    struct stat status {};
    // Asked before opening, because opening a device may do something.
    if (::stat(path.c_str(), &status) != 0)
        return failed(errno);
    if (!S_ISREG(status.st_mode))
        return failed(EBADMSG);
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (!fd || ::fstat(fd.get(), &status) != 0)
        return failed(errno);
    if (static_cast<std::uint64_t>(status.st_size) > largest)
        return failed(EFBIG);
    std::string text;
    std::array<char, 16384> buffer;
    for (;;) {
        const auto size = ::read(fd.get(), buffer.data(), buffer.size());
        if (size == 0)
            return text;
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return failed(errno);
        text.append(buffer.data(), static_cast<std::size_t>(size));
        if (text.size() > largest)
            return failed(EFBIG);
    }
}

bool BoundedLines::next()
{
    text_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    const auto taken = static_cast<std::size_t>(text_.gcount());
    if (text_.bad() || (taken == 0 && text_.fail()))
        return false;
    is_cut_ = text_.fail() && !text_.eof();
    size_ = taken - (text_.good() ? 1 : 0);  // the newline is taken, where there is one
    if (is_cut_) {
        text_.clear();
        text_.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    return true;
}

}  // namespace priorityd::kernel
