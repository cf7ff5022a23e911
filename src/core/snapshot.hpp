// SPDX-License-Identifier: GPL-3.0-or-later
/// What is known of a process at one moment. Facts cost microseconds each, so a snapshot says which it has.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/scoring/advice.hpp"
#include "core/scoring/app_id.hpp"
#include "core/scoring/restraint.hpp"
#include "core/setting.hpp"
#include "core/units.hpp"

namespace priorityd {

/// Groups of facts that are read together, because they come from one file.
enum class Fact : std::uint16_t {
    exe = 1 << 0,        ///< exe: the link /proc/PID/exe.
    stat = 1 << 1,       ///< key, comm, parent, session, terminal, threads, kernel thread: /proc/PID/stat.
    argv = 1 << 2,       ///< argv: /proc/PID/cmdline.
    owner = 1 << 3,      ///< uid, gid: the owner of the folder /proc/PID (effective ids).
    cgroup = 1 << 4,     ///< cgroup: /proc/PID/cgroup.
    parent = 1 << 5,     ///< ancestors, the first alone: facts of the parent.
    ancestors = 1 << 6,  ///< ancestors: facts of all of them.
    devices = 1 << 7,    ///< uses: the links in /proc/PID/fd.
    file = 1 << 8,       ///< is_user_program: owner and mode of the program's file and of the folders above it.
    file_id = 1 << 9,    ///< file_id: of the program's file.
};

/// A set of facts.
class FactSet {
public:
    constexpr FactSet() = default;
    constexpr FactSet(Fact fact) : bits_{static_cast<std::uint16_t>(fact)} {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] constexpr bool contains(Fact fact) const { return (bits_ & static_cast<std::uint16_t>(fact)) != 0; }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    [[nodiscard]] constexpr FactSet without(FactSet other) const { return of(bits_ & ~other.bits_); }
    constexpr FactSet& operator|=(FactSet other)
    {
        bits_ = static_cast<std::uint16_t>(bits_ | other.bits_);
        return *this;
    }
    friend constexpr FactSet operator|(FactSet left, FactSet right) { return left |= right; }
    friend constexpr bool operator==(FactSet, FactSet) = default;

private:
    static constexpr FactSet of(int bits)
    {
        FactSet set;
        set.bits_ = static_cast<std::uint16_t>(bits);
        return set;
    }
    std::uint16_t bits_ = 0;
};
constexpr FactSet operator|(Fact left, Fact right)
{
    return FactSet{left} | FactSet{right};
}

/// What a program holds open or is attached to.
struct Uses {
    bool gpu = false;
    bool audio = false;
    /// The addresses of the GPUs that it has open ("0000:65:00.0"), as far as the kernel tells; without those of which
    /// it tells that they have done nothing for the process, if others are left. Ascending.
    std::vector<std::string> gpus{};
    friend bool operator==(const Uses&, const Uses&) = default;
};

/// A file, whatever path leads to it, until something else is written into it. Source: inode(7).
struct FileId {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t changed = 0;  ///< st_ctim, in nanoseconds.
    friend auto operator<=>(const FileId&, const FileId&) = default;
};

/// A program as a process runs it.
struct ProgramFile {
    std::string exe;  ///< As Snapshot::exe.
    FileId id;
    App app{};  ///< The application that it is a file of, as far as its unit's name says so.
    friend bool operator==(const ProgramFile&, const ProgramFile&) = default;
};

/// All the names a process goes by, without repetition, most telling first. See names.hpp.
using Names = std::vector<std::string>;

/// A value that priorityd gave to another process, and that came along from there by fork or exec.
struct Inherited {
    Setting setting{};
    Value value;            ///< What the process has.
    Value before;           ///< What that other process had before priorityd changed it.
    Value present;          ///< What that other process has by now, and what those that stay with it follow to.
    ProcessKey from;        ///< The process that it came along from; itself where it has run another program before.
    std::string from_name;  ///< Its name, or that program's.
    std::string source;     ///< Who gave it: as in a Contribution.
    std::optional<ChildrenPolicy> children;  ///< What was decided there about children.
};

/// Facts of one process. Text is as the kernel gave it: any bytes but NUL, not necessarily UTF-8.
struct Snapshot {
    FactSet known;  ///< Which of the members below are filled in.

    ProcessKey key;                      ///< stat
    std::string exe;                     ///< exe: absolute path; " (deleted)" removed; empty for a kernel thread.
    std::string comm;                    ///< stat: at most 15 bytes.
    std::vector<std::string> argv;       ///< argv: the first 4 KiB of it.
    Pid parent{};                        ///< stat
    std::int32_t session = 0;            ///< stat: id of the session.
    bool has_tty = false;                ///< stat: has a controlling terminal.
    bool is_tty_foreground = false;      ///< stat: its process group is the one in the foreground of that.
    bool is_kernel_thread = false;       ///< stat
    bool is_zombie = false;              ///< stat: the leader has ended.
    int threads = 1;                     ///< stat
    std::optional<Nice> nice;            ///< stat: of the main thread.
    std::optional<SchedPolicy> sched;    ///< stat: of the main thread; empty for a policy that rules do not know.
    Uid uid{};                           ///< owner
    Gid gid{};                           ///< owner
    std::string cgroup;                  ///< cgroup: path in the unified (else systemd's) hierarchy, "/" for the root.
    std::string cpu_cgroup;              ///< cgroup: path in the v1 cpu hierarchy; empty where there is none.
    std::vector<Names> ancestors;        ///< parent, ancestors: nearest first.
    Uses uses;                           ///< devices
    bool is_user_program = false;        ///< file: an ordinary user could have put the program there, or changed it.
    FileId file_id;                      ///< file_id: all zero when it cannot be told.
    std::vector<Vote> votes;             ///< Filled in by the pipeline: what scoring engines say.
    std::optional<Restraint> restraint;  ///< Filled in by the pipeline: what the guard does to it.
    std::vector<Inherited> inherited;  ///< Filled in by the pipeline: what it has from priorityd without being decided.
    Names names;                       ///< derived from exe, comm and argv.

    /// The name to show: the first of names, else comm.
    [[nodiscard]] const std::string& shown_name() const { return names.empty() ? comm : names.front(); }
};

}  // namespace priorityd
