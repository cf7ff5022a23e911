// SPDX-License-Identifier: GPL-3.0-or-later
/// System calls below a process's folder. The exec path runs through here: no allocation but for the facts themselves.
#include "kernel/procfs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/names.hpp"
#include "kernel/accounts.hpp"
#include "kernel/cgroup.hpp"
#include "kernel/file_id.hpp"
#include "kernel/file_trust.hpp"
#include "kernel/folder.hpp"
#include "kernel/numbered_path.hpp"
#include "kernel/open_gpus.hpp"
#include "kernel/process_list.hpp"
#include "kernel/procfs_text.hpp"
#include "kernel/small_file.hpp"

namespace priorityd::kernel {
namespace {

/// Deeper trees exist only to annoy. systemd, session, shell, build tools: a dozen.
constexpr std::size_t kMostAncestors = 32;
/// Enough for any program that renders or plays; a server's thousands of sockets are not worth the time.
constexpr int kMostDescriptors = 4096;
/// The fields up to the scheduling policy take at most 800 bytes.
constexpr std::size_t kStatBytes = 1024;
/// The line that tells the thread group is among the first; a name of 16 bytes takes 64 with its escapes.
constexpr std::size_t kStatusBytes = 1024;
/// Of a pidfd: six short lines.
constexpr std::size_t kFdinfoBytes = 512;
/// Thirteen v1 hierarchies with paths of usual length fit several times.
constexpr std::size_t kCgroupBytes = 8192;

/// The folder that a handle goes through. Errors: ESRCH.
Result<UniqueFd> open_task(const RootFolders& roots, Pid pid)
{
    UniqueFd task{
        ::openat(roots.proc.get(), NumberedPath{raw(pid), "/task"}.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!task)
        return failure(errno == ENOENT ? ESRCH : errno, fmt::format("open(/proc/{})", raw(pid)));
    return task;
}

/// The target of a link; empty when it cannot be read.
std::string_view read_link(int folder, const char* name, std::span<char> buffer)
{
    const ssize_t length = ::readlinkat(folder, name, buffer.data(), buffer.size());
    return {buffer.data(), length < 0 ? 0 : static_cast<std::size_t>(length)};
}

bool is_user_process(int proc, int pid)
{
    std::array<char, kStatBytes> buffer;
    const auto text = read_small_file(proc, NumberedPath{pid, "/stat"}.c_str(), buffer);
    const auto fields = text ? parse_stat(*text) : std::nullopt;
    return fields && !fields->is_kernel_thread();
}

/// For a tree that libproc2, which knows /proc alone, cannot list.
std::vector<Pid> list_folder(int proc)
{
    std::vector<Pid> pids;
    const Folder folder = open_folder(proc, ".");
    if (!folder)
        return pids;
    for_each_number(folder.get(), [&](int number) {
        if (is_user_process(proc, number))
            pids.push_back(Pid{number});
        return true;
    });
    return pids;
}

bool is_same_folder(int folder, const char* path)
{
    struct stat left {};
    struct stat right {};
    return ::fstat(folder, &left) == 0 && ::stat(path, &right) == 0 && left.st_dev == right.st_dev &&
           left.st_ino == right.st_ino;
}

}  // namespace

/// What one fstat of /proc/PID/task tells. The kernel adds the number of threads to the two links that the folder has
/// of its own, and adds none once the process is reaped. Source: proc_task_getattr() in fs/proc/base.c.
class ProcfsHandle::State {
public:
    explicit State(int task) : task_{task}, is_known_{::fstat(task, &info_) == 0} {}

    /// Effective ids, as of the opening of the folder. Source: task_dump_owner() in fs/proc/base.c.
    [[nodiscard]] Uid uid() const { return Uid{info_.st_uid}; }
    [[nodiscard]] Gid gid() const { return Gid{info_.st_gid}; }
    [[nodiscard]] bool is_single_threaded() const { return is_known_ && info_.st_nlink == kOwnLinks + 1; }
    /// A file system that does not count the links of folders, as tests may have, gives 1 and has to be asked again.
    [[nodiscard]] bool is_alive() const
    {
        if (is_known_ && info_.st_nlink == 1)
            return ::faccessat(task_, "../stat", F_OK, AT_EACCESS) == 0;
        return is_known_ && info_.st_nlink > kOwnLinks;
    }

private:
    static constexpr nlink_t kOwnLinks = 2;
    struct stat info_ {};
    int task_;
    bool is_known_;
};

ProcfsHandle::ProcfsHandle(const RootFolders& roots, Pid pid, UniqueFd task)
    : roots_{roots}, pid_{pid}, task_{std::move(task)}
{
}

ProcfsHandle::State ProcfsHandle::state() const
{
    return State{task_.get()};
}

bool ProcfsHandle::is_alive()
{
    return state().is_alive();
}

bool ProcfsHandle::is_process()
{
    std::array<char, kStatusBytes> buffer;
    const auto text = read_small_file(task_.get(), "../status", buffer);
    return text && parse_thread_group(*text) == pid_;
}

bool ProcfsHandle::is_single_threaded() const
{
    return state().is_single_threaded();
}

tl::unexpected<Error> ProcfsHandle::gone() const
{
    return failure(ESRCH, fmt::format("/proc/{}", raw(pid_)));
}

Result<void> ProcfsHandle::read(FactSet wanted, Snapshot& into)
{
    auto proof = Proof::none;
    const auto read_if = [&](Fact fact, Proof (ProcfsHandle::*reader)(Snapshot&) const) {
        if (wanted.contains(fact) && (this->*reader)(into) == Proof::alive)
            proof = Proof::alive;
    };
    read_if(Fact::owner, &ProcfsHandle::read_owner);
    read_if(Fact::exe, &ProcfsHandle::read_exe);
    read_if(Fact::argv, &ProcfsHandle::read_argv);
    read_if(Fact::cgroup, &ProcfsHandle::read_cgroup);
    read_if(Fact::devices, &ProcfsHandle::read_devices);
    read_if(Fact::file, &ProcfsHandle::read_file);
    read_if(Fact::file_id, &ProcfsHandle::read_file_id);
    const bool wants_ancestors = wanted.contains(Fact::parent) || wanted.contains(Fact::ancestors);
    if (wanted.contains(Fact::stat) || (wants_ancestors && !into.known.contains(Fact::stat))) {
        if (auto done = read_stat(into); !done)
            return done;
        wanted |= Fact::stat;
    } else if (proof == Proof::none && !is_alive()) {
        return gone();
    }
    if (wanted.contains(Fact::exe) || wanted.contains(Fact::stat) || wanted.contains(Fact::argv))
        into.names = names_of(into);
    into.known |= wanted.without(Fact::parent | Fact::ancestors);
    if (!wants_ancestors)
        return {};
    const bool wants_all = (wanted | into.known).contains(Fact::ancestors);
    return read_ancestors(into, wants_all ? kMostAncestors : 1);
}

ProcfsHandle::Proof ProcfsHandle::read_owner(Snapshot& into) const
{
    const State now = state();
    into.uid = now.uid();
    into.gid = now.gid();
    return now.is_alive() ? Proof::alive : Proof::none;
}

ProcfsHandle::Proof ProcfsHandle::read_exe(Snapshot& into) const
{
    std::array<char, PATH_MAX> buffer;
    into.exe = exe_path(read_link(task_.get(), "../exe", buffer));
    return into.exe.empty() ? Proof::none : Proof::alive;
}

ProcfsHandle::Proof ProcfsHandle::read_argv(Snapshot& into) const
{
    std::array<char, kCmdlineBytes> buffer;
    const auto text = read_small_file(task_.get(), "../cmdline", buffer);
    into.argv = parse_cmdline(text.value_or(std::string_view{}));
    return into.argv.empty() ? Proof::none : Proof::alive;
}

ProcfsHandle::Proof ProcfsHandle::read_cgroup(Snapshot& into) const
{
    std::array<char, kCgroupBytes> buffer;
    const auto text = read_small_file(task_.get(), "../cgroup", buffer);
    auto paths = parse_cgroup(text.value_or(std::string_view{})).value_or(CgroupPaths{});
    into.cgroup = std::move(paths.path);
    into.cpu_cgroup = std::move(paths.cpu);
    return text && !text->empty() ? Proof::alive : Proof::none;
}

ProcfsHandle::Proof ProcfsHandle::read_devices(Snapshot& into) const
{
    into.uses = {};
    const Folder folder = open_folder(task_.get(), "../fd");
    if (!folder)
        return Proof::none;
    std::array<char, PATH_MAX> buffer;
    OpenGpus gpus{roots_, task_.get()};
    int left = kMostDescriptors;
    for_each_number(folder.get(), [&](int number) {
        const auto link = read_link(::dirfd(folder.get()), NumberedPath{number}.c_str(), buffer);
        const Uses uses = uses_of(link);
        if (uses.gpu)
            gpus.add(number, link);
        into.uses.gpu = into.uses.gpu || uses.gpu;
        into.uses.audio = into.uses.audio || uses.audio;
        return --left > 0;
    });
    into.uses.gpus = gpus.addresses();
    return Proof::none;
}

ProcfsHandle::Proof ProcfsHandle::read_file(Snapshot& into) const
{
    into.is_user_program = is_user_program(roots_, task_.get(), SystemGroups{});
    return Proof::none;
}

/// Through the link, which leads to the very file, whatever lies at its path by now.
ProcfsHandle::Proof ProcfsHandle::read_file_id(Snapshot& into) const
{
    into.file_id = file_id(task_.get(), "../exe");
    return into.file_id == FileId{} ? Proof::none : Proof::alive;
}

Result<void> ProcfsHandle::read_stat(Snapshot& into) const
{
    std::array<char, kStatBytes> buffer;
    const auto text = read_small_file(task_.get(), "../stat", buffer);
    if (!text)
        return text.error().is_vanished() ? gone()
                                          : failure(text.error().code, fmt::format("read(/proc/{}/stat)", raw(pid_)));
    const auto fields = parse_stat(*text);
    if (!fields)
        return failure(EBADMSG, fmt::format("parse /proc/{}/stat", raw(pid_)));
    into.key = ProcessKey{pid_, fields->start_ticks};
    into.comm = fields->comm;
    into.parent = fields->parent;
    into.session = fields->session;
    into.has_tty = fields->terminal != 0;
    into.is_tty_foreground = fields->is_tty_foreground();
    into.is_kernel_thread = fields->is_kernel_thread();
    into.is_zombie = fields->is_zombie();
    into.threads = fields->threads;
    into.nice = fields->nice;
    into.sched = fields->sched;
    return {};
}

Result<void> ProcfsHandle::read_ancestors(Snapshot& into, std::size_t levels) const
{
    into.ancestors = names_of_ancestors(into, levels);
    if (into.ancestors.empty() && raw(into.parent) > 0) {
        // The parent that was known has ended: the one who adopted the process counts now.
        if (auto done = read_stat(into); !done)
            return done;
        into.ancestors = names_of_ancestors(into, levels);
    }
    into.known |= levels > 1 ? Fact::parent | Fact::ancestors : FactSet{Fact::parent};
    return {};
}

/// Ends with the first process, whose parent is 0, and at a process that is hidden or has ended.
std::vector<Names> ProcfsHandle::names_of_ancestors(const Snapshot& child, std::size_t levels) const
{
    std::vector<Names> names;
    Pid parent = child.parent;
    std::uint64_t born = child.key.start_ticks;
    while (names.size() < levels && raw(parent) > 0) {
        auto task = open_task(roots_, parent);
        if (!task)
            break;
        Snapshot process;
        ProcfsHandle handle{roots_, parent, *std::move(task)};
        // No parent is younger than its child: a younger one has got the pid of a parent that has ended.
        if (!handle.read(Fact::exe | Fact::argv | Fact::stat, process) || process.key.start_ticks > born)
            break;
        names.push_back(std::move(process.names));
        parent = process.parent;
        born = process.key.start_ticks;
    }
    return names;
}

std::vector<Tid> ProcfsHandle::threads()
{
    std::vector<Tid> tids;
    const Folder folder = open_folder(task_.get(), ".");
    if (!folder)
        return tids;
    for_each_number(folder.get(), [&](int number) {
        tids.push_back(Tid{number});
        return true;
    });
    // The kernel lists the leader first as a rule; whoever relies on it should not have to know.
    const auto leader = std::ranges::find(tids, leader_of(pid_));
    if (leader != tids.end())
        std::rotate(tids.begin(), leader, leader + 1);
    return tids;
}

int ProcfsHandle::busy_threads()
{
    constexpr std::uint64_t kShare = 10;
    int running = 0;
    std::vector<std::uint64_t> ticks;
    std::array<char, kStatBytes> buffer;
    for (const Tid thread : threads()) {
        const auto file = std::to_string(raw(thread)) + "/stat";
        const auto text = read_small_file(task_.get(), file.c_str(), buffer);
        const auto fields = text ? parse_stat(*text) : std::nullopt;
        if (!fields)
            continue;
        running += fields->state == 'R' ? 1 : 0;
        ticks.push_back(fields->own_ticks);
    }
    const std::uint64_t most = ticks.empty() ? 0 : *std::ranges::max_element(ticks);
    const auto worked = most == 0 ? 0 : std::ranges::count_if(ticks, [&](auto own) { return own * kShare >= most; });
    return std::max({1, running, static_cast<int>(worked)});
}

Result<CpuSet> ProcfsHandle::cpuset()
{
    std::array<char, kCgroupBytes> buffer;
    const auto text = read_small_file(task_.get(), "../cgroup", buffer);
    if (!text)
        return text.error().is_vanished() ? gone() : tl::unexpected(text.error());
    const auto paths = parse_cgroup(*text);
    return paths ? cpuset_of(roots_.sys.get(), *paths) : failure(ENOENT, "no control groups");
}

Procfs::Procfs(UniqueFd proc, UniqueFd sys)
{
    const bool is_own_proc = is_same_folder(proc.get(), "/proc");
    roots_ = std::make_unique<const RootFolders>(RootFolders{std::move(proc), std::move(sys), is_own_proc});
}

Result<Procfs> Procfs::open(const Roots& roots)
{
    UniqueFd proc{::open(roots.proc.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!proc)
        return failure(errno, "open(" + roots.proc + ")");
    UniqueFd sys{::open(roots.sys.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!sys)
        return failure(errno, "open(" + roots.sys + ")");
    return Procfs{std::move(proc), std::move(sys)};
}

Result<std::unique_ptr<ProcessHandle>> Procfs::open(Pid pid)
{
    auto task = open_task(*roots_, pid);
    if (!task)
        return tl::unexpected(std::move(task.error()));
    return std::make_unique<ProcfsHandle>(*roots_, pid, *std::move(task));
}

Result<Pid> Procfs::pid_of(int pidfd)
{
    std::array<char, kFdinfoBytes> buffer;
    const auto path = fmt::format("self/fdinfo/{}", pidfd);
    const auto text = read_small_file(roots_->proc.get(), path.c_str(), buffer);
    const auto pid = text ? parse_pidfd_info(*text) : std::nullopt;
    if (!pid)
        return failure(EBADF, fmt::format("descriptor {} is no pidfd", pidfd));
    if (raw(*pid) <= 0)
        return failure(ESRCH, "the process of a pidfd has ended");
    return *pid;
}

std::string Procfs::exe_of(Pid pid)
{
    std::array<char, PATH_MAX> buffer;
    return std::string{exe_path(read_link(roots_->proc.get(), NumberedPath{raw(pid), "/exe"}.c_str(), buffer))};
}

std::uint64_t Procfs::ticks_now()
{
    static const auto kTicksASecond = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    constexpr std::uint64_t kNanosecondsASecond = 1'000'000'000;
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);  // the clock of start times; source: proc(5), starttime
    return static_cast<std::uint64_t>(now.tv_sec) * kTicksASecond +
           static_cast<std::uint64_t>(now.tv_nsec) * kTicksASecond / kNanosecondsASecond;
}

std::vector<Pid> Procfs::list()
{
    if (roots_->is_own_proc) {
        if (auto pids = list_processes())
            return *std::move(pids);
    }
    return list_folder(roots_->proc.get());
}

}  // namespace priorityd::kernel
