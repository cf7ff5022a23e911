// SPDX-License-Identifier: GPL-3.0-or-later
/// The way from a root folder down to a program's file, with descriptors that only name what they stand for.
#include "kernel/file_trust.hpp"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {
namespace {

/// Groups of people begin here on all distributions that the project knows. Source: GID_MIN in login.defs(5).
constexpr std::uint32_t kFirstOrdinaryGroup = 1000;

/// What statx has to tell for an entry to count at all.
constexpr unsigned kNeeded = STATX_TYPE | STATX_MODE | STATX_UID | STATX_GID | STATX_INO;

/// A file, whatever name it goes by. Overlay file systems tell the same one for the link in /proc and for the path,
/// also after they have copied the file to another layer.
struct FileIdentity {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

FileIdentity identity_of(const struct statx& info)
{
    return {info.stx_dev_major, info.stx_dev_minor, info.stx_ino};
}

/// The file that a process runs, and the path that the kernel gives for it.
struct Program {
    std::string path;
    FileIdentity file;
    bool is_mount = false;  ///< A mount of its own, or it cannot be told.
};

/// Asks for no field in particular, so that a file system in user space is not asked at all: device and inode are known
/// without. Source: fuse_update_get_attr() in fs/fuse/dir.c.
std::optional<Program> program_of(int task)
{
    std::array<char, PATH_MAX> buffer;
    const ssize_t length = ::readlinkat(task, "../exe", buffer.data(), buffer.size());
    struct statx info {};
    if (length <= 0 || ::statx(task, "../exe", AT_STATX_DONT_SYNC, 0, &info) != 0)
        return std::nullopt;
    const bool is_surely_no_mount = (info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0 &&  // Linux 5.8
                                    (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0;
    return Program{{buffer.data(), static_cast<std::size_t>(length)}, identity_of(info), !is_surely_no_mount};
}

/// A file or folder on the way.
struct Entry {
    UniqueFd descriptor;  ///< O_PATH
    Ownership ownership;
    FileIdentity file;
};

/// Lists need asking only where the group's rights, which stand for the whole list, say that somebody may write.
bool has_acl(int descriptor, std::uint32_t mode)
{
    if ((mode & S_IWGRP) == 0)
        return false;
    const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
    const ssize_t size = ::getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0);
    return size > 0 || (size < 0 && errno != ENODATA && errno != EOPNOTSUPP);
}

/// Empty when there is nothing, or nothing to be learned of it. A link is not followed.
std::optional<Entry> entry_of(UniqueFd descriptor)
{
    struct statx info {};
    if (!descriptor || ::statx(descriptor.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, kNeeded, &info) != 0 ||
        (info.stx_mask & kNeeded) != kNeeded)
        return std::nullopt;
    const Ownership ownership{.owner = Uid{info.stx_uid},
                              .group = Gid{info.stx_gid},
                              .mode = info.stx_mode,
                              .has_acl = has_acl(descriptor.get(), info.stx_mode)};
    return Entry{std::move(descriptor), ownership, identity_of(info)};
}

bool is_same_device(const Entry& left, const Entry& right)
{
    return left.file.major == right.file.major && left.file.minor == right.file.minor;
}

/// A user may bring a file system of his own, on a stick or in a file, in which he has made root the owner of anything:
/// whoever mounts those for users lets set-user-id bits have no effect in them.
bool is_brought_by_users(const Entry& entry)
{
    struct statfs info {};
    return ::fstatfs(entry.descriptor.get(), &info) != 0 || (info.f_flags & ST_NOSUID) != 0;
}

std::optional<Entry> entry_in(const Entry& folder, const std::string& name)
{
    return entry_of(UniqueFd{::openat(folder.descriptor.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)});
}

/// The name before the first slash; takes both off the path.
std::string take_name(std::string_view& path)
{
    const std::size_t end = path.find('/');
    std::string name{path.substr(0, end)};
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
    return name;
}

/// What following a path has shown.
enum class Way : std::uint8_t { closed, open, elsewhere };

/// `root`: the folder that the path of `program` begins in.
Way follow(const Program& program, std::optional<Entry> root, const Groups& groups)
{
    std::string_view path = program.path;
    if (!path.starts_with('/'))
        return Way::elsewhere;
    path.remove_prefix(1);
    std::optional<Entry> here = std::move(root);
    while (here && !path.empty()) {
        auto next = entry_in(*here, take_name(path));
        if (!next)
            return Way::elsewhere;
        if (is_replaceable_by_users(here->ownership, next->ownership, groups))
            return Way::open;
        if (!is_same_device(*here, *next) && is_brought_by_users(*next))
            return Way::open;
        here = std::move(next);
    }
    if (!here || here->file != program.file)
        return Way::elsewhere;
    return is_open_to_users(here->ownership, groups) ? Way::open : Way::closed;
}

std::optional<Entry> root_folder(int process, const char* link)
{
    return entry_of(UniqueFd{::openat(process, link, O_PATH | O_DIRECTORY | O_CLOEXEC)});
}

/// Of the first process; without CAP_SYS_PTRACE ours. They differ in a sandbox, which sees every mount without
/// set-user-id bits: there all of the machine's other file systems would look like brought by users.
std::optional<Entry> system_root(int proc)
{
    auto root = root_folder(proc, "1/root");
    return root ? std::move(root) : root_folder(proc, "self/root");
}

/// Of the process itself; empty also when its owners mean nothing.
std::optional<Entry> own_root(int task)
{
    auto root = root_folder(task, "../root");
    return root && !is_brought_by_users(*root) ? std::move(root) : std::nullopt;
}

/// Whoever has made it may mount what he likes under any name.
bool has_mounts_of_root(int task)
{
    const UniqueFd mounts{::openat(task, "../ns/mnt", O_RDONLY | O_CLOEXEC)};
    const UniqueFd users{mounts ? ::ioctl(mounts.get(), NS_GET_USERNS) : -1};
    uid_t owner = 0;
    return users && ::ioctl(users.get(), NS_GET_OWNER_UID, &owner) == 0 && owner == 0;
}

}  // namespace

bool is_open_to_users(const Ownership& file, const Groups& groups)
{
    if (file.owner != Uid{0} || (file.mode & S_IWOTH) != 0)
        return true;
    if ((file.mode & S_IWGRP) == 0)
        return false;
    if (file.has_acl || raw(file.group) >= kFirstOrdinaryGroup)
        return true;
    return file.group != Gid{0} && groups.has_members(file.group);
}

bool is_replaceable_by_users(const Ownership& folder, const Ownership& entry, const Groups& groups)
{
    const bool is_kept = folder.owner == Uid{0} && (folder.mode & S_ISVTX) != 0 && entry.owner == Uid{0};
    return !is_kept && is_open_to_users(folder, groups);
}

bool is_user_program(const RootFolders& roots, int task, const Groups& groups)
{
    const auto program = program_of(task);
    if (!program)
        return true;
    // A process may have a root of its own, and its program still be the system's: as browsers lock themselves in.
    auto way = follow(*program, system_root(roots.proc.get()), groups);
    if (way == Way::elsewhere && !program->is_mount && has_mounts_of_root(task))
        way = follow(*program, own_root(task), groups);
    return way != Way::closed;
}

}  // namespace priorityd::kernel
