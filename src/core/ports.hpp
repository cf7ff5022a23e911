// SPDX-License-Identifier: GPL-3.0-or-later
/// The ports: the only places where the core meets the world. The kernel folder and the tests implement them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/action.hpp"
#include "core/cgroup_path.hpp"
#include "core/cpu_standing.hpp"
#include "core/ids.hpp"
#include "core/machine.hpp"
#include "core/override.hpp"
#include "core/result.hpp"
#include "core/scoring/advice.hpp"
#include "core/scoring/engine_address.hpp"
#include "core/scoring/score.hpp"
#include "core/scoring/usage.hpp"
#include "core/setting.hpp"
#include "core/snapshot.hpp"
#include "core/weights.hpp"

namespace priorityd {

/// The autogroup that a process's session is scheduled in. Source: sched(7), "The autogroup feature".
struct Autogroup {
    std::uint64_t number = 0;  ///< Given to no other one before the next boot.
    Nice nice;
    friend bool operator==(const Autogroup&, const Autogroup&) = default;
};

/// One process held fast: whatever goes through it reaches that very process, or fails with ESRCH.
class ProcessHandle {
public:
    ProcessHandle() = default;
    ProcessHandle(const ProcessHandle&) = delete;
    ProcessHandle& operator=(const ProcessHandle&) = delete;
    virtual ~ProcessHandle() = default;

    [[nodiscard]] virtual Pid pid() const = 0;
    /// Reads `wanted` into `into` and marks them known. A fact that may not be read (EACCES) is left empty and known.
    /// Names are derived anew when exe, stat or argv are among them. Errors: ESRCH.
    [[nodiscard]] virtual Result<void> read(FactSet wanted, Snapshot& into) = 0;
    /// What the main thread (or the process) has now. Errors: ESRCH; EOPNOTSUPP where the kernel lacks the knob.
    [[nodiscard]] virtual Result<Value> actual(Setting setting) = 0;
    /// Whether the pid is that of a process, and not of a thread in one: folders of both look alike. Costs ten
    /// microseconds: for numbers that people give. False when it is gone.
    [[nodiscard]] virtual bool is_process() = 0;
    /// False once the process has been reaped. Cheap: to be asked right before acting by pid.
    [[nodiscard]] virtual bool is_alive() = 0;
    /// All threads, the leader first; empty when the process is gone.
    [[nodiscard]] virtual std::vector<Tid> threads() = 0;
    /// The autogroup of the process's session. Errors: ESRCH; EOPNOTSUPP where another knob is alive instead, with the
    /// reason.
    [[nodiscard]] virtual Result<Autogroup> autogroup() = 0;
    /// How many of its threads want a CPU at the same time: those that run or wait for one now, or those that have had
    /// at least a tenth of the CPU time of the one that had most, whichever are more. At least 1. Reads a file for each
    /// thread: not for the exec path.
    [[nodiscard]] virtual int busy_threads() = 0;
    /// The CPUs that its control group confines it to; all that are online where none does. Errors: ESRCH; ENOENT where
    /// control groups confine nobody here.
    [[nodiscard]] virtual Result<CpuSet> cpuset() = 0;
    /// With whom it competes for CPU time. Reads a few files for each cgroup on its way and beside it: for explain.
    /// Errors: ESRCH.
    [[nodiscard]] virtual Result<CpuStanding> cpu_standing() = 0;
};

/// Where processes are found.
class ProcessSource {
public:
    virtual ~ProcessSource() = default;
    /// Errors: ESRCH when there is no such process.
    [[nodiscard]] virtual Result<std::unique_ptr<ProcessHandle>> open(Pid pid) = 0;
    /// Whose end this descriptor of the daemon's stands for. Errors: EBADF when it is no pidfd; ESRCH when it has
    /// ended.
    [[nodiscard]] virtual Result<Pid> pid_of(int pidfd) = 0;
    /// For what is done the moment a program starts: the file that whoever has this pid now runs, as Snapshot::exe;
    /// empty when it cannot be read. One system call, and the process is not held fast.
    [[nodiscard]] virtual std::string exe_of(Pid pid) = 0;
    /// Likewise the scheduling of its first thread; a nice value of 0 under a real-time policy, whatever it has.
    /// Errors: ESRCH.
    [[nodiscard]] virtual Result<SetScheduling> scheduling_of(Pid pid) = 0;
    /// The start time of a process that starts now. Nobody who has a pid now has a later one, and whoever gets that pid
    /// after him will have.
    [[nodiscard]] virtual std::uint64_t ticks_now() = 0;
    /// Every process but kernel threads, in no order. Costs tens of microseconds a process: not for the exec path.
    [[nodiscard]] virtual std::vector<Pid> list() = 0;
};

/// What changes processes. A dry run is another Actuator.
class Actuator {
public:
    virtual ~Actuator() = default;
    /// Carries out one action on every thread of the process that still has the leader's value, until a round finds
    /// no new thread. `ours` are values that priorityd itself has written earlier: threads that have them follow too.
    virtual Outcome apply(ProcessHandle& process, const Action& action, const SettingMap& ours) = 0;
    /// Carries it out on the first thread of whoever has this pid now: for a program that has just started and has no
    /// other one, and whose scheduling nobody has touched. See ProcessSource::scheduling_of().
    virtual Outcome apply_at_start(Pid pid, const SetScheduling& action) = 0;
    /// Sets the nice value of the autogroup of the process's session.
    virtual Outcome set_autogroup(ProcessHandle& process, Nice nice) = 0;
};

/// Those who say what kind of program a process is, where no rule gives it a class. They answer from memory; what they
/// have to find out, they find out off the exec path, and have the process looked at again.
class Advisers {
public:
    virtual ~Advisers() = default;
    /// The facts that they want of the process before they are asked; empty when they need none or have no opinion.
    [[nodiscard]] virtual FactSet needs(const Snapshot& process) const = 0;
    /// What they have to say of it by now. Precondition: needs() are known.
    [[nodiscard]] virtual std::vector<Vote> votes_on(const Snapshot& process) = 0;
    /// What the guard does to the process for as long as others wait for it; null for nearly all.
    [[nodiscard]] virtual const Restraint* restraint_on(const ProcessKey& process) const = 0;
};

/// Samples what processes do. Costs something for each, so nobody asks while nobody waits.
class UsageSource {
public:
    virtual ~UsageSource() = default;
    /// Every process, threads of the kernel too, in no order. Costs a third of a microsecond each.
    [[nodiscard]] virtual std::vector<Pid> list() = 0;
    /// The CPU time of all its threads, those that have ended too; empty when it has ended. Costs half a microsecond.
    [[nodiscard]] virtual std::optional<std::chrono::nanoseconds> cpu_time(Pid pid) = 0;
    /// Costs 25 microseconds. Errors: ESRCH.
    [[nodiscard]] virtual Result<Sighting> look_at(Pid pid) = 0;
    /// The CPU time that the calling thread has used so far: of two of them, what lies between has cost.
    [[nodiscard]] virtual std::chrono::nanoseconds spent() = 0;
};

/// Engines outside, as they are reached over the bus.
class EngineCalls {
public:
    using Then = std::function<void(const Result<ScoreAnswer>&)>;

    virtual ~EngineCalls() = default;
    /// Asks the engine, and calls `then` once: at once where it cannot even be sent, at the latest when `timeout` is
    /// over. Nothing is called once this object is gone. The answer has one row more than programs at most. Errors:
    /// EHOSTUNREACH when nobody has the name; ETIMEDOUT; ECONNRESET when it left instead of answering; EACCES when the
    /// bus forbids it; EBADMSG when what came is no answer, EMSGSIZE when it is too long for one; EIO when it says that
    /// it cannot.
    virtual void score(const EngineAddress& engine, std::chrono::milliseconds timeout, const ScoreQuestion& question,
                       Then then) = 0;
    /// Asks how the engine does, in its own words, and calls `then` likewise: with a line that is safe to show, empty
    /// where it does not say.
    virtual void health(const EngineAddress& engine, std::chrono::milliseconds timeout,
                        std::function<void(const std::string&)> then) = 0;
};

/// Tells of the end of the few processes that matter; all others cost nothing.
class ExitWatch {
public:
    virtual ~ExitWatch() = default;
    /// Watches this process, instead of an earlier one with the same pid. Errors: ESRCH when it has ended already;
    /// EMFILE when there are no descriptors left.
    virtual Result<void> watch(ProcessHandle& process) = 0;
    virtual void unwatch(Pid pid) = 0;
};

/// The machine that processes are placed on.
class MachineSource {
public:
    virtual ~MachineSource() = default;
    /// Looked up on first use and when CPUs have come or gone since, which takes milliseconds; else in microseconds.
    /// The pointer holds until the next call. Errors: what the system answered.
    [[nodiscard]] virtual Result<const Machine*> machine() = 0;
    /// Whether the kernel itself keeps the threads of each process together in a last-level cache. Source: Linux 7.2,
    /// kernel/sched/debug.c: sched/llc_balancing in debugfs.
    [[nodiscard]] virtual bool gathers_by_cache() = 0;
};

/// Keeps permanent overrides.
class OverrideKeeper {
public:
    /// Called once, when it is on the disk or has failed; not before the call that asked for it has returned.
    using Done = std::function<void(const Result<void>&)>;

    virtual ~OverrideKeeper() = default;
    /// Errors: those of the file system.
    virtual void save(const Override& one, Done done) = 0;
    /// One that is not there counts as removed.
    virtual void remove(const std::string& id, Done done) = 0;
};

/// The managers of units: the system's, and those of users who have one. Answers come later, none of them twice; what
/// takes too long or has nobody to answer is an error.
class UnitManagers {
public:
    virtual ~UnitManagers() = default;
    /// The processes in the unit's cgroup and below it. Empty when it is gone, or cannot be read.
    [[nodiscard]] virtual std::vector<Pid> processes_in(const Unit& unit) = 0;
    /// Whether CPU time is shared out between it and its siblings by weight, so that nice values do not count beyond
    /// it.
    [[nodiscard]] virtual bool shares_out_cpu(const Unit& unit) = 0;
    /// What is set for the unit. Errors: ENOENT when there is no such unit; EHOSTUNREACH when the manager is not there,
    /// or not now; ENOTCONN when there is no way to that user's; ETIMEDOUT.
    virtual void read(const Unit& unit, std::function<void(const Result<Weights>&)> then) = 0;
    /// Sets weights until the next boot; empty ones are taken back. Errors as above; EACCES when the manager refuses;
    /// ECANCELED in a dry run.
    virtual void write(const Unit& unit, const Weights& weights, std::function<void(const Result<void>&)> then) = 0;
    /// What was written has been replaced by somebody else: it is theirs, and not to be taken back after a crash
    /// either.
    virtual void disown(const Unit& unit) = 0;
    /// Moves processes of a scope to a new one, of this name, in the same slice. Errors as above.
    virtual void split(const Unit& scope, const std::vector<Pid>& processes, const std::string& new_scope,
                       std::function<void(const Result<void>&)> then) = 0;
};

/// What one setting of one process was before priorityd changed it, and what it was changed to.
struct Original {
    ProcessKey process;  ///< Its start time may be that of any later moment of its life.
    Setting setting{};
    Value before;
    Value written;  ///< Equal to `before` once it has been put back.
    friend bool operator==(const Original&, const Original&) = default;
};

/// The same of the autogroup of a session.
struct SessionOriginal {
    std::uint64_t autogroup = 0;  ///< Its number.
    Nice before;
    Nice written;
    friend bool operator==(const SessionOriginal&, const SessionOriginal&) = default;
};

/// All that is to be remembered.
struct AllOriginals {
    /// Of one setting of one process there may be several: what was written to it, in that order. The last one may have
    /// never come to be.
    std::vector<Original> processes;
    std::vector<SessionOriginal> sessions;  ///< Likewise.
    [[nodiscard]] bool empty() const { return processes.empty() && sessions.empty(); }
};

/// Keeps originals where the next priorityd finds them, should this one end without putting them back.
class Originals {
public:
    virtual ~Originals() = default;
    /// Told before the setting is written, on the exec path: does not wait for a disk, and cannot fail.
    virtual void about_to_write(const Original& original) = 0;
    /// The same for the autogroup of a session.
    virtual void about_to_write(const SessionOriginal& original) = 0;
};

}  // namespace priorityd
