// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/durable_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>

#include <fmt/format.h>

#include "kernel/folder.hpp"

namespace priorityd::daemon {
namespace {

constexpr std::string_view kDraftSuffix = ".new";

std::string draft_name(std::string_view name)
{
    return fmt::format(".{}{}", name, kDraftSuffix);
}

bool is_draft_name(std::string_view name)
{
    return name.starts_with('.') && name.ends_with(kDraftSuffix);
}

}  // namespace

Result<DurableFolder> DurableFolder::open(const std::filesystem::path& path, Readers readers)
{
    const bool is_new = ::mkdir(path.c_str(), 0700) == 0;
    if (!is_new && errno != EEXIST)
        return failure(errno, fmt::format("mkdir({})", path.string()));
    kernel::UniqueFd folder{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!folder)
        return failure(errno, fmt::format("open({})", path.string()));
    if (is_new && readers == Readers::everybody && ::fchmod(folder.get(), 0755) != 0)  // whatever the umask is
        return failure(errno, fmt::format("chmod({})", path.string()));
    return DurableFolder{path, std::move(folder), readers};
}

Result<std::vector<std::string>> DurableFolder::names() const
{
    const auto listing = kernel::open_folder(folder_.get(), ".");
    if (!listing)
        return failure(errno, fmt::format("open({})", path_.string()));
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..")
            names.emplace_back(name);
    }
    return names;
}

Result<kernel::UniqueFd> DurableFolder::open_file(const std::string& name) const
{
    struct stat status {};
    // Asked before opening, because opening a device may do something.
    if (::fstatat(folder_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        return failure(errno, fmt::format("stat({})", path_of(name)));
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode))
        return failure(0, fmt::format("{} is not a regular file", path_of(name)));
    kernel::UniqueFd file{::openat(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (!file)
        return failure(errno, fmt::format("open({})", path_of(name)));
    return file;
}

Result<std::string> DurableFolder::read(const std::string& name, std::size_t most) const
{
    const auto file = open_file(name);
    if (!file)
        return tl::unexpected{file.error()};
    std::string text;
    std::array<char, 16384> buffer;
    for (;;) {
        const ssize_t size = ::read(file->get(), buffer.data(), buffer.size());
        if (size == 0)
            return text;
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return failure(errno, fmt::format("read({})", path_of(name)));
        text.append(buffer.data(), static_cast<std::size_t>(size));
        if (text.size() > most)
            return failure(EFBIG, fmt::format("read({}), at most {} bytes", path_of(name), most));
    }
}

Result<void> DurableFolder::write(const std::string& name, std::string_view text) const
{
    auto done = write_draft(name, text);
    if (done)
        done = put_in_place(name);
    if (!done) {
        discard_draft(name);
        return done;
    }
    done = sync();
    if (!done)
        ::unlinkat(folder_.get(), name.c_str(), 0);  // what was said to have failed must not be there at the next start
    return done;
}

Result<void> DurableFolder::write_draft(const std::string& name, std::string_view text) const
{
    const auto file = draft(name);
    if (!file)
        return tl::unexpected{file.error()};
    if (auto written = write_all(file->get(), text); !written)
        return failure(written.error().code, fmt::format("write({})", path_of(name)));
    if (::fsync(file->get()) != 0)
        return failure(errno, fmt::format("fsync({})", path_of(name)));
    return {};
}

Result<void> DurableFolder::remove(const std::string& name) const
{
    const auto dropped = drop(name);
    return dropped ? sync() : dropped;
}

Result<void> DurableFolder::drop(const std::string& name) const
{
    if (::unlinkat(folder_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
        return failure(errno, fmt::format("unlink({})", path_of(name)));
    return {};
}

Result<std::string> DurableFolder::set_aside(const std::string& name) const
{
    const auto is_taken = [&](const std::string& other) {
        return ::faccessat(folder_.get(), other.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    };
    auto aside = name + ".corrupt";
    for (int number = 2; is_taken(aside); ++number)
        aside = fmt::format("{}.corrupt.{}", name, number);
    if (::renameat(folder_.get(), name.c_str(), folder_.get(), aside.c_str()) != 0)
        return failure(errno, fmt::format("rename({}, {})", path_of(name), aside));
    return aside;
}

Result<kernel::UniqueFd> DurableFolder::draft(const std::string& name) const
{
    discard_draft(name);
    kernel::UniqueFd file{
        ::openat(folder_.get(), draft_name(name).c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file)
        return failure(errno, fmt::format("open({})", path_of(draft_name(name))));
    if (readers_ == Readers::everybody && ::fchmod(file.get(), 0644) != 0)
        return failure(errno, fmt::format("chmod({})", path_of(draft_name(name))));
    return file;
}

Result<void> DurableFolder::put_in_place(const std::string& name) const
{
    if (::renameat(folder_.get(), draft_name(name).c_str(), folder_.get(), name.c_str()) != 0)
        return failure(errno, fmt::format("rename({})", path_of(name)));
    return {};
}

void DurableFolder::discard_draft(const std::string& name) const
{
    ::unlinkat(folder_.get(), draft_name(name).c_str(), 0);
}

void DurableFolder::discard_drafts() const
{
    const auto present = names();
    if (!present)
        return;
    for (const auto& name : *present) {
        if (is_draft_name(name))
            ::unlinkat(folder_.get(), name.c_str(), 0);
    }
}

Result<void> DurableFolder::sync() const
{
    if (::fsync(folder_.get()) != 0)
        return failure(errno, fmt::format("fsync({})", path_.string()));
    return {};
}

bool is_passing(const Error& error)
{
    return error.code == EMFILE || error.code == ENFILE || error.code == ENOMEM || error.code == EINTR;
}

Result<void> write_all(int file, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t size = ::write(file, text.data(), text.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return failure(errno, "write");
        text.remove_prefix(static_cast<std::size_t>(size));
    }
    return {};
}

}  // namespace priorityd::daemon
