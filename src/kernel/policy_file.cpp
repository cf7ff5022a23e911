// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/policy_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "core/result.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

namespace {

namespace fs = std::filesystem;

/// 15,800 rules of a distribution take 0.5 MB. Larger is a file that has strayed here, and would be held in memory.
constexpr std::size_t kLargestFile = 8UL * 1024 * 1024;

PolicyFile unreadable(PolicyFile file, std::string error)
{
    file.error = std::move(error);
    return file;
}

std::string answer(int code)
{
    return std::generic_category().message(code);
}

/// What went wrong, and what to do about it.
std::string open_error(int code)
{
    switch (code) {
        case ENOENT: return "does not exist (a link to nothing? link it to /dev/null to mask the name, or remove it)";
        case ELOOP: return "the link leads to itself; remove it, or link it to /dev/null to mask the name";
        case EACCES: return "may not be read by priorityd: " + answer(code) + " (chmod a+r, and a+x for its folders)";
        default: return "cannot be read: " + answer(code);
    }
}

bool is_dev_null(const struct stat& status)
{
    return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);  // Source: Documentation/admin-guide/devices.txt
}

/// Empty when it may be read.
std::string refusal(const struct stat& status)
{
    if (S_ISDIR(status.st_mode))
        return "is a folder, not a file; rename it so that it does not end in .toml";
    if (!S_ISREG(status.st_mode))
        return "is not a regular file (a FIFO, socket or device); replace it by a file";
    if (static_cast<std::uint64_t>(status.st_size) > kLargestFile)
        return fmt::format("is {} MiB long; at most {} MiB are read; split it, or take it away",
                           status.st_size / 1024 / 1024, kLargestFile / 1024 / 1024);
    return {};
}

/// Reads to the end. Error: the errno(3) value; EFBIG when it has grown beyond the limit meanwhile.
Result<std::string> read_all(int fd)
{
    std::string text;
    std::array<char, 65536> buffer;
    for (;;) {
        const ssize_t size = ::read(fd, buffer.data(), buffer.size());
        if (size == 0)
            return text;
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return failure(errno, "read");
        text.append(buffer.data(), static_cast<std::size_t>(size));
        if (text.size() > kLargestFile)
            return failure(EFBIG, "read");
    }
}

}  // namespace

std::optional<PolicyFile> read_policy_file(const fs::path& path, PolicyFile::Kind kind)
{
    PolicyFile file{.kind = kind, .path = path.string(), .text = {}, .error = {}};
    struct stat status {};
    // Asked before opening, because opening a device may do something.
    if (::stat(path.c_str(), &status) != 0)
        return unreadable(std::move(file), open_error(errno));
    if (is_dev_null(status) || (S_ISREG(status.st_mode) && status.st_size == 0))
        return std::nullopt;
    if (auto why = refusal(status); !why.empty())
        return unreadable(std::move(file), std::move(why));
    // And again afterwards, because it may have been replaced meanwhile; without O_NONBLOCK a FIFO would hold us up.
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (!fd || ::fstat(fd.get(), &status) != 0)
        return unreadable(std::move(file), open_error(errno));
    if (auto why = refusal(status); !why.empty())
        return unreadable(std::move(file), std::move(why));
    auto text = read_all(fd.get());
    if (!text)
        return unreadable(std::move(file), open_error(text.error().code));
    file.text = std::move(*text);
    return file;
}

PolicyFile broken_policy_place(const fs::path& place, PolicyFile::Kind kind, int code)
{
    const bool is_missing = code == ENOENT;
    return {kind, place.string(), {}, is_missing ? "there is no such file or folder" : open_error(code)};
}

}  // namespace priorityd::kernel
