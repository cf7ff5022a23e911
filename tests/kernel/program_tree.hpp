// SPDX-License-Identifier: GPL-3.0-or-later
/// Real programs in folders where root alone decides, to be judged by where they lie.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <string>

#include <doctest/doctest.h>

#include "kernel/file_trust.hpp"
#include "temporary_folder.hpp"

namespace priorityd::kernel {

namespace fs = std::filesystem;

/// Group 50 is empty, as Debian's staff is; all others below 1000 have members.
class PlayedGroups final : public Groups {
public:
    [[nodiscard]] bool has_members(Gid group) const override { return group != Gid{50}; }
};
inline const PlayedGroups kGroups;

inline bool is_not_root()
{
    return ::geteuid() != 0;
}

/// Whether anybody but root may change something on the way to this folder.
inline bool is_open_place(const fs::path& place)
{
    struct stat info {};
    if (::stat(place.c_str(), &info) != 0 || info.st_uid != 0)
        return true;
    const bool is_writable = (info.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (info.st_mode & S_ISVTX) == 0;
    return is_writable || (place != place.root_path() && is_open_place(place.parent_path()));
}

inline bool has_nosuid(const fs::path& place)
{
    struct statvfs info {};
    return ::statvfs(place.c_str(), &info) != 0 || (info.f_flag & ST_NOSUID) != 0;
}

/// Where root alone decides, so that a program can be trusted at all; empty when there is no such place.
inline fs::path trusted_place()
{
    for (const fs::path& place : {fs::temp_directory_path(), fs::path{"/var/tmp"}}) {
        if (!is_open_place(place) && !has_nosuid(place))
            return place;
    }
    return {};
}

inline bool cannot_run()
{
    return is_not_root() || trusted_place().empty();
}

/// A program that sleeps, below folders that are root's alone.
class Tree {
public:
    Tree()
    {
        fs::create_directories(folder("opt/game/bin"));
        fs::create_directories(folder("opt/alias"));
        fs::copy_file("/bin/sleep", program());
        ::chmod(folder("").c_str(), 0755);
        for (const char* made : {"opt", "opt/game", "opt/game/bin", "opt/alias", "opt/game/bin/steam"})
            ::chmod(folder(made).c_str(), 0755);
    }
    [[nodiscard]] fs::path folder(const char* name) const { return folder_.path() / name; }
    [[nodiscard]] fs::path program() const { return folder("opt/game/bin/steam"); }

private:
    TemporaryFolder folder_{trusted_place()};
};

/// A process that runs a program from a tree.
class Running {
public:
    /// `prepare` runs in the child before the exec and says whether that may go on.
    explicit Running(
        const fs::path& program, const std::function<bool()>& prepare = [] { return true; })
    {
        int gone[2];
        REQUIRE(::pipe2(gone, O_CLOEXEC) == 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            if (prepare())
                ::execl(program.c_str(), program.c_str(), "1000", nullptr);
            ::_exit(1);
        }
        ::close(gone[1]);
        char byte{};
        static_cast<void>(::read(gone[0], &byte, 1));  // ends with the exec, or with the child
        ::close(gone[0]);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running()
    {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

    [[nodiscard]] bool has_started() const
    {
        return ::readlink(("/proc/" + std::to_string(pid_) + "/exe").c_str(), &unused_, 1) == 1;
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
    mutable char unused_{};
};

inline RootFolders root_folders(const std::string& proc)
{
    RootFolders roots;
    roots.proc.reset(::open(proc.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    return roots;
}

inline bool is_users(pid_t pid, const std::string& proc = "/proc")
{
    const auto roots = root_folders(proc);
    const UniqueFd task{
        ::openat(roots.proc.get(), (std::to_string(pid) + "/task").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    REQUIRE(task);
    return is_user_program(roots, task.get(), kGroups);
}

inline bool is_users(const Running& process)
{
    REQUIRE(process.has_started());
    return is_users(process.pid());
}

}  // namespace priorityd::kernel
