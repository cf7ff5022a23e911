// SPDX-License-Identifier: GPL-3.0-or-later
/// The one way through the house: event, facts, decision, plan, action, ledger. It owns what is known of processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "core/autogroups.hpp"
#include "core/carry_out.hpp"
#include "core/change_feed.hpp"
#include "core/decide.hpp"
#include "core/event.hpp"
#include "core/explain.hpp"
#include "core/inspection.hpp"
#include "core/knobs.hpp"
#include "core/lineage.hpp"
#include "core/placement.hpp"
#include "core/policy.hpp"
#include "core/ports.hpp"
#include "core/process_table.hpp"
#include "core/reflexes.hpp"
#include "core/scoring/standing.hpp"
#include "core/timetable.hpp"
#include "core/unit_weights.hpp"

namespace priorityd {

/// The world as the pipeline sees it; references live as long as it does.
struct World {
    ProcessSource& source;
    Actuator& actuator;
    MachineSource& machine;
    ExitWatch& exits;
    UnitManagers& units;
    Originals& originals;
    Advisers& advisers;
    SettingMap untouched;  ///< What a process has that nobody has touched, without cpus.
    Pid own_pid{};         ///< The daemon itself, which it leaves alone like pid 1.
};

class Pipeline {
public:
    Pipeline(World world, Knobs knobs, Layers layers);

    /// The exec path: everything in here is paid for by the program that starts.
    void handle(const Event& event, Instant now);
    /// A process that the ExitWatch watched has ended.
    void on_exit(Pid pid, Instant now) { forget(pid, now); }

    /// Takes over other rules, users' rules or overrides. What is known of processes stays until they are looked at
    /// again: by begin_scan(), or by look_at() for the few that it can make a difference for.
    void use(Layers layers);
    /// From now on until the next scan has ended, what `source` decides is written over what somebody else has set.
    void take_control(const std::string& source) { in_control_.push_back(source); }
    /// Takes up weights of units that an earlier priorityd has set and not taken back.
    void adopt(const std::vector<Unit>& left, Instant now) { weights_.adopt(left, now); }
    /// The manager of this user's units can be reached from now on, or not any more; see UnitWeights.
    void reach_manager(Uid user, const std::vector<std::string>& set, Instant now)
    {
        weights_.reach_manager(user, set, now);
    }
    void lose_manager(Uid user, Instant now) { weights_.lose_manager(user, now); }
    /// Takes up what an earlier priorityd has changed and not put back, where the process still lives; its start time
    /// may be that of any later moment of its life. Those of a pid stand together, and among them those of a setting.
    /// Before the first scan, which then decides.
    void adopt(const AllOriginals& left, Instant now);
    /// Queues every process there is, and every tracked one, to be looked at. One that is under way begins anew.
    void begin_scan();
    /// Looks at one process, with `in_control` as in take_control().
    void look_at(Pid pid, const std::string& in_control, Instant now);
    /// Looks at those of which more is known by now: their programs have been looked up.
    void look_again(std::span<const Pid> processes, Instant now);
    /// Looks at all for which this source has had a say, and at those that have inherited from them.
    void look_at_those_with(const std::string& source, Instant now);
    /// CPUs have come or gone: looks at all that are given some.
    void on_cpu_change(Instant now);
    /// Somebody has opened a GPU: looks, a little later, at those of which rules want to know whether it was they.
    void on_gpu_opened(Instant now);
    /// Looks at up to `count` of the queued ones; true while there are more. Slow: outside of real time.
    bool continue_scan(std::size_t count, Instant now);

    /// How many looks there have been at processes, reactions left out: as long as it stays the same, nothing has
    /// happened that anything but full_looks_due() tells of. See reflexes.hpp.
    [[nodiscard]] std::uint64_t full_looks() const { return full_looks_; }
    /// When catch_up() wants to be called; empty when no program waits for its full look.
    [[nodiscard]] std::optional<Instant> full_looks_due() const;
    /// Gives the programs that were reacted to their full look.
    void catch_up();
    /// When run_due() wants to be called; empty when there is nothing to wait for.
    [[nodiscard]] std::optional<Instant> deadline() const;
    /// Looks again at processes whose time has come and settles sessions. Slow: outside of real time.
    void run_due(Instant now);

    /// Puts back everything that was written and not changed by somebody else since, in processes that have inherited
    /// it without running a program of their own too. Lists all processes: slow.
    void restore(Instant now);

    [[nodiscard]] bool has_changes() const { return !changes_.empty(); }
    [[nodiscard]] ChangeFeed::Batch take_changes() { return changes_.take(); }

    [[nodiscard]] const Policy& policy() const { return *layers_.policy; }
    [[nodiscard]] const Layers& layers() const { return layers_; }
    [[nodiscard]] const Knobs& knobs() const { return knobs_; }
    [[nodiscard]] std::size_t tracked() const { return table_.size() + waiting_.size(); }
    [[nodiscard]] const Tally& tally() const { return tally_; }

    /// With what the process has now. Errors: ESRCH.
    [[nodiscard]] Result<ProcessView> view(Pid pid, const Clocks& clocks);
    [[nodiscard]] std::vector<ProcessView> views(const ProcessFilter& filter);
    /// A process that nothing was decided for is looked at on the spot. Errors: ESRCH.
    [[nodiscard]] Result<Explanation> explain(Pid pid, const Clocks& clocks);
    /// How many processes this source has had a say for.
    [[nodiscard]] std::uint32_t count_with(const std::string& source);
    /// What the guard has to know of the process.
    [[nodiscard]] Standing standing_of(const ProcessKey& process) const;
    /// Units that have a weight from priorityd.
    [[nodiscard]] std::vector<Unit> changed_units() const { return weights_.changed(); }
    /// What priorityd has written and not put back, of all processes and sessions.
    [[nodiscard]] AllOriginals originals();

private:
    /// Why a process is looked at.
    enum class Look : std::uint8_t {
        exec,   ///< It has started a program.
        news,   ///< Something else about it has changed, or may have.
        later,  ///< Some time has passed since.
    };

    void examine(Pid pid, Instant now, Look look);
    [[nodiscard]] bool is_unknown(Pid pid) const;
    bool react(Pid pid, Instant now);
    bool look_fully(Pid pid, Look look, Instant now, const Reaction* reaction = nullptr);
    void remember_unseen(const Reaction& reaction);
    [[nodiscard]] bool read_facts(ProcessHandle& handle, Snapshot& process, Look look) const;
    [[nodiscard]] Decision decide(ProcessHandle& handle, Snapshot& process, Instant now) const;
    [[nodiscard]] bool presses_its_session(const Snapshot& process) const;
    [[nodiscard]] Urgency urgency_in_unit(const Snapshot& process) const;
    template <typename Shares>
    [[nodiscard]] bool spares_nobody(const Snapshot& process, FactSet facts, Shares shares) const;
    [[nodiscard]] bool ask_advisers(ProcessHandle& handle, Snapshot& process) const;
    void adopt(const Snapshot& process, Ledger& ledger);
    void adopt_process(std::span<const Original> lines);
    const Original* adopt_setting(ProcessHandle& handle, const ProcessKey& process, std::span<const Original> lines);
    void take_control(ProcessHandle& handle, const Decision& decision, Ledger& ledger);
    Tally act(ProcessHandle& handle, const Snapshot& process, const SettingMap& wanted, Ledger& ledger, Instant now);
    void put_back(TrackedProcess& tracked, Instant now);
    void put_back_inherited(Pid pid, Instant now);
    void enforce(ProcessHandle& handle, Snapshot&& process, Decision&& decision, Ledger&& by_reflex, Look look,
                 Instant now);
    void look_at_heirs(const ProcessKey& from, Instant now);
    template <typename Predicate>
    void look_at_all(Instant now, Predicate predicate);
    void leave_alone(ProcessHandle& handle, const Snapshot& process, Instant now);
    void on_comm(const Event& event, Instant now);
    void join_unit(ProcessHandle& handle, Snapshot& process, const SettingMap& wanted, const Ledger& ledger,
                   Instant now);
    [[nodiscard]] std::optional<CpuWeight> unit_weight_by_nice(const SettingMap& wanted, const Ledger& ledger) const;
    void settle_units(Instant now);
    [[nodiscard]] std::optional<Pid> heritage_of(Pid pid) const;
    void use_unit_settings();
    void watch_exit(ProcessHandle& handle, Instant now);
    void forget(Pid pid, Instant now);
    void look_again_later(Pid pid, Instant now);
    void look_at_those_without_gpu(Instant now);
    void note_devices(const Snapshot& process, Look look, Instant now);
    void read_gpus(ProcessHandle& handle, Snapshot& process, const SettingMap& wanted, Look look, Instant now);
    [[nodiscard]] bool steers_sessions() const;
    [[nodiscard]] Autogroups::Tools session_tools() const
    {
        return {world_.source, world_.actuator, world_.exits, world_.originals};
    }
    [[nodiscard]] std::optional<ExplainRow> autogroup_row(const Snapshot& process) const;
    [[nodiscard]] Decision votes_alone(ProcessHandle& handle, Snapshot& process, Instant now) const;
    void explain_weights(const Snapshot& process, const Decision& decision, std::vector<ExplainRow>& rows) const;
    void explain_slices(ProcessHandle& handle, Snapshot& process, std::vector<ExplainRow>& rows) const;
    [[nodiscard]] Relatives relatives() const { return {table_, world_.source, *layers_.overrides, world_.machine}; }
    [[nodiscard]] Tools tools()
    {
        return {world_.actuator, world_.machine, placement_, knobs_, world_.untouched, world_.originals};
    }

    World world_;
    Knobs knobs_;
    Layers layers_;
    Engines engines_;
    ProcessTable table_;
    Lineage lineage_;
    Autogroups autogroups_;
    Placement placement_;
    UnitWeights weights_;
    Timetable timetable_;
    std::set<Pid> without_gpu_;        // of which rules want to know whether they use one
    std::optional<Instant> gpu_look_;  // when they are looked at, since somebody has opened one
    Instant last_gpu_look_{};
    Instant::duration gpu_pause_{};  // between two such looks
    ChangeFeed changes_;
    Reflexes reflexes_;
    std::vector<Reaction> waiting_;  // for the full look
    std::vector<Pid> scan_;
    std::vector<std::string> in_control_;  // sources that are written over what others have set
    Tally tally_;
    std::uint64_t full_looks_ = 0;
};

}  // namespace priorityd
