// SPDX-License-Identifier: GPL-3.0-or-later
/// Processes as /proc shows them. Everything goes through the open folder of a process, so a reused pid is never read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports.hpp"
#include "kernel/roots.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

/// A process held by an O_PATH descriptor of /proc/PID/task. That folder rather than the one above it, because fstat on
/// it tells owner, life and number of threads in one cheap call; the files are then `../stat` and so on.
class ProcfsHandle final : public ProcessHandle {
public:
    /// `roots` must outlive the handle. `task`: an open /proc/PID/task.
    ProcfsHandle(const RootFolders& roots, Pid pid, UniqueFd task);

    [[nodiscard]] Pid pid() const override { return pid_; }
    [[nodiscard]] Result<void> read(FactSet wanted, Snapshot& into) override;
    [[nodiscard]] Result<Value> actual(Setting setting) override;
    [[nodiscard]] bool is_process() override;
    [[nodiscard]] bool is_alive() override;
    [[nodiscard]] std::vector<Tid> threads() override;
    [[nodiscard]] Result<Autogroup> autogroup() override;
    [[nodiscard]] int busy_threads() override;
    [[nodiscard]] Result<CpuSet> cpuset() override;
    [[nodiscard]] Result<CpuStanding> cpu_standing() override;

    /// True when the leader is surely the only thread. Costs half a microsecond, where threads() costs several.
    [[nodiscard]] bool is_single_threaded() const;
    /// Writes into a file of /proc/PID. Errors: ESRCH; those of openat and write, with file and text in `doing`.
    [[nodiscard]] Result<void> write(const char* file, std::string_view text);
    /// The timer slack of one of its threads in ns; 0 for a real-time one. Errors: ESRCH; EPERM without CAP_SYS_NICE.
    [[nodiscard]] Result<std::chrono::nanoseconds> timer_slack_of(Tid thread);
    /// Errors as above. A real-time thread has none and keeps it so.
    [[nodiscard]] Result<void> set_timer_slack(Tid thread, TimerSlack slack);

private:
    enum class Proof : std::uint8_t { none, alive };
    class State;

    /// Each reads one fact and says whether the answer proves that the process was still there.
    Proof read_owner(Snapshot& into) const;
    Proof read_exe(Snapshot& into) const;
    Proof read_argv(Snapshot& into) const;
    Proof read_cgroup(Snapshot& into) const;
    Proof read_devices(Snapshot& into) const;
    Proof read_file(Snapshot& into) const;
    Proof read_file_id(Snapshot& into) const;
    Result<void> read_stat(Snapshot& into) const;
    Result<void> read_ancestors(Snapshot& into, std::size_t levels) const;
    [[nodiscard]] std::vector<Names> names_of_ancestors(const Snapshot& child, std::size_t levels) const;

    [[nodiscard]] Result<Value> value_of(Setting setting);
    [[nodiscard]] Result<Value> oom_score_adj() const;
    [[nodiscard]] Result<Value> timer_slack();
    [[nodiscard]] Result<UniqueFd> open_thread_file(Tid thread, const char* file, int flags) const;
    [[nodiscard]] State state() const;
    [[nodiscard]] tl::unexpected<Error> gone() const;

    const RootFolders& roots_;
    Pid pid_;
    UniqueFd task_;
};

class Procfs final : public ProcessSource {
public:
    /// `proc` and `sys`: open folders, O_PATH is enough.
    Procfs(UniqueFd proc, UniqueFd sys);
    /// Errors: those of open(2).
    [[nodiscard]] static Result<Procfs> open(const Roots& roots = {});

    /// The handle must not outlive this object; moving it is fine.
    [[nodiscard]] Result<std::unique_ptr<ProcessHandle>> open(Pid pid) override;
    [[nodiscard]] Result<Pid> pid_of(int pidfd) override;
    [[nodiscard]] std::string exe_of(Pid pid) override;
    [[nodiscard]] Result<SetScheduling> scheduling_of(Pid pid) override;
    [[nodiscard]] std::uint64_t ticks_now() override;
    [[nodiscard]] std::vector<Pid> list() override;

private:
    std::unique_ptr<const RootFolders> roots_;  // on the heap, so that handles find it after a move
};

}  // namespace priorityd::kernel
