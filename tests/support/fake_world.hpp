// SPDX-License-Identifier: GPL-3.0-or-later
/// The ports of the core, played by plain values: processes that a test makes, actions that it can look at.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/condition.hpp"
#include "core/names.hpp"
#include "core/pipeline.hpp"
#include "core/policy_reading.hpp"
#include "core/ports.hpp"

namespace priorityd::test {

/// A process as a test describes it.
struct FakeProcess {
    int pid = 0;
    std::string comm;
    std::string exe;
    std::vector<std::string> argv;
    std::string runs_next;  ///< What becomes exe as soon as exe has been read; empty for a process that goes on.
    int parent = 1;
    int leader = 0;  ///< When it is only a thread: of this process.
    int session = 0;
    unsigned uid = 0;
    unsigned gid = 0;
    std::string cgroup = "/";
    bool has_tty = false;
    bool is_tty_foreground = false;
    bool is_kernel_thread = false;
    bool is_zombie = false;
    bool is_user_program = false;
    int threads = 1;
    std::uint64_t start_ticks = 1;
    Uses uses;
    int busy_threads = 1;
    std::optional<CpuSet> cpuset;  ///< What its control group confines it to.
    SettingMap actual;
    FactSet read;  ///< Out: every fact that has been asked for through a handle.
};

/// A machine with CPUs 0-7 in two nodes, each with one last-level cache; all are alike.
[[nodiscard]] Machine two_nodes();

/// Processes and their autogroups; acting on them changes them as the kernel would.
class FakeKernel final : public ProcessSource,
                         public Actuator,
                         public MachineSource,
                         public ExitWatch,
                         public Originals,
                         public UnitManagers,
                         public Advisers {
public:
    FakeProcess& add(FakeProcess process);
    /// A copy of a process, as fork makes it.
    FakeProcess& fork(int parent, int pid);
    FakeProcess& at(int pid) { return processes_.at(pid); }
    void kill(int pid) { processes_.erase(pid); }
    /// The next attempt to set this setting fails with EPERM.
    void refuse(Setting setting) { refused_ = setting; }

    [[nodiscard]] Result<std::unique_ptr<ProcessHandle>> open(Pid pid) override;
    [[nodiscard]] Result<Pid> pid_of(int pidfd) override;
    [[nodiscard]] std::string exe_of(Pid pid) override;
    [[nodiscard]] Result<SetScheduling> scheduling_of(Pid pid) override;
    [[nodiscard]] std::uint64_t ticks_now() override { return ticks; }
    [[nodiscard]] std::vector<Pid> list() override;
    Outcome apply(ProcessHandle& process, const Action& action, const SettingMap& ours) override;
    Outcome apply_at_start(Pid pid, const SetScheduling& action) override;
    Outcome set_autogroup(ProcessHandle& process, Nice nice) override;
    [[nodiscard]] Result<const Machine*> machine() override { return &has; }
    [[nodiscard]] bool gathers_by_cache() override { return gathers; }
    Result<void> watch(ProcessHandle& process) override;
    void unwatch(Pid pid) override { watched.erase(pid); }
    void about_to_write(const Original& original) override { journal.push_back(original); }
    void about_to_write(const SessionOriginal& original) override { session_journal.push_back(original); }

    std::vector<std::string> log;   ///< Every write, as "42 nice=10 sched=batch" or "session 7 autogroup=19".
    std::map<int, int> autogroups;  ///< Session -> nice value; absent means 0.
    [[nodiscard]] std::vector<Pid> processes_in(const Unit& unit) override;
    void read(const Unit& unit, std::function<void(const Result<Weights>&)> then) override { then(weights[unit.name]); }
    void write(const Unit& unit, const Weights& set, std::function<void(const Result<void>&)> then) override;
    void disown(const Unit&) override {}
    [[nodiscard]] bool shares_out_cpu(const Unit& unit) override { return sharing.contains(unit.name); }
    void split(const Unit& scope, const std::vector<Pid>& processes, const std::string& new_scope,
               std::function<void(const Result<void>&)> then) override;

    [[nodiscard]] FactSet needs(const Snapshot& process) const override;
    [[nodiscard]] std::vector<Vote> votes_on(const Snapshot& process) override;
    [[nodiscard]] const Restraint* restraint_on(const ProcessKey& process) const override;

    Machine has = two_nodes();                     ///< Of the machine.
    bool gathers = false;                          ///< The kernel keeps threads together by cache.
    std::map<int, int> pidfds;                     ///< Of the daemon's descriptors those that are pidfds.
    std::map<std::string, ProgramInfo> programs;   ///< What is known of programs, by exe; of others nothing, and later.
    std::map<ProcessKey, Restraint> restraints;    ///< What the guard does.
    std::vector<Pid> asked;                        ///< Who has asked for a program that is not known.
    std::set<std::string> sharing;                 ///< Units that CPU time is shared out to by weight.
    std::map<std::string, Weights> weights;        ///< Of units, by name.
    std::vector<Original> journal;                 ///< What was to be remembered, in order.
    std::vector<SessionOriginal> session_journal;  ///< The same of sessions; a session's autogroup is 1000 higher.
    std::set<Pid> watched;                         ///< Whose end is to be told.
    bool has_no_descriptors = false;               ///< From now on nothing more can be watched.
    std::uint64_t ticks = 1000;                    ///< The time, as start times have it.
    int lists = 0;                                 ///< How often all processes have been listed.

private:
    friend class FakeHandle;
    Outcome carry_out(FakeProcess& fake, const Action& action);
    std::map<int, FakeProcess> processes_;
    std::optional<Setting> refused_;
};

/// Knows "alice" (1000) and "staff" (50), and numbers.
class FakeAccounts final : public Accounts {
public:
    [[nodiscard]] Result<Uid> uid_of(const std::string& user) const override;
    [[nodiscard]] Result<Gid> gid_of(const std::string& group) const override;
};

/// A policy of one rule file; fails the test when there are errors.
[[nodiscard]] std::shared_ptr<const Policy> policy_of(const std::string& rules);
/// The same with settings.
[[nodiscard]] std::shared_ptr<const Policy> policy_of(const std::string& rules, const std::string& settings);
/// All the ports played by one kernel. `own_pid`: of the daemon.
[[nodiscard]] World world_of(FakeKernel& kernel, int own_pid = 999);
/// The policy alone, without users' rules and overrides.
[[nodiscard]] Layers layers_of(std::shared_ptr<const Policy> policy);

/// All knobs alive.
[[nodiscard]] Knobs live_knobs();

}  // namespace priorityd::test
