// SPDX-License-Identifier: GPL-3.0-or-later
/// The one way through the house: event, facts, decision, plan, action, ledger. It owns what is known of processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/autogroups.hpp"
#include "core/carry_out.hpp"
#include "core/change_feed.hpp"
#include "core/decide.hpp"
#include "core/event.hpp"
#include "core/explain.hpp"
#include "core/inspection.hpp"
#include "core/knobs.hpp"
#include "core/policy.hpp"
#include "core/ports.hpp"
#include "core/process_table.hpp"
#include "core/timetable.hpp"

namespace priorityd {

/// The world as the pipeline sees it; references live as long as it does.
struct World {
    ProcessSource& source;
    Actuator& actuator;
    CpuSets& cpu_sets;
    ExitWatch& exits;
    Pid own_pid{};  ///< The daemon itself, which it leaves alone like pid 1.
};

class Pipeline {
public:
    Pipeline(World world, Knobs knobs, std::shared_ptr<const Policy> policy);

    /// The exec path: everything in here is paid for by the program that starts.
    void handle(const Event& event, Instant now);
    /// A process that the ExitWatch watched has ended.
    void on_exit(Pid pid, Instant now) { forget(pid, now); }

    /// Takes over another policy. What is known of processes stays until begin_scan() has looked at them again.
    void use(std::shared_ptr<const Policy> policy);
    /// Queues every process there is, and every tracked one, to be looked at. One that is under way begins anew.
    void begin_scan();
    /// Looks at up to `count` of the queued ones; true while there are more. Slow: outside of real time.
    bool continue_scan(std::size_t count, Instant now);

    /// When run_due() wants to be called; empty when there is nothing to wait for.
    [[nodiscard]] std::optional<Instant> deadline() const;
    /// Looks again at processes whose time has come and settles sessions. Slow: outside of real time.
    void run_due(Instant now);

    /// Puts back everything that was written and not changed by somebody else since.
    void restore();

    [[nodiscard]] bool has_changes() const { return !changes_.empty(); }
    [[nodiscard]] ChangeFeed::Batch take_changes() { return changes_.take(); }

    [[nodiscard]] const Policy& policy() const { return *policy_; }
    [[nodiscard]] const std::shared_ptr<const Policy>& shared_policy() const { return policy_; }
    [[nodiscard]] const Knobs& knobs() const { return knobs_; }
    [[nodiscard]] std::size_t tracked() const { return table_.size(); }
    [[nodiscard]] const Tally& tally() const { return tally_; }

    /// With what the process has now. Errors: ESRCH.
    [[nodiscard]] Result<ProcessView> view(Pid pid);
    [[nodiscard]] std::vector<ProcessView> views(const ProcessFilter& filter) const;
    /// A process that nothing was decided for is looked at on the spot. Errors: ESRCH.
    [[nodiscard]] Result<Explanation> explain(Pid pid);

private:
    /// Whether a process has been looked at before since it started its program.
    enum class Look : std::uint8_t { first, again };

    void examine(Pid pid, Instant now, Look look);
    [[nodiscard]] bool read_facts(ProcessHandle& handle, Snapshot& process) const;
    Ledger act_on_exe(ProcessHandle& handle, Snapshot& process, Instant now);
    Tally act(ProcessHandle& handle, const SettingMap& wanted, Ledger& ledger);
    void enforce(ProcessHandle& handle, Snapshot&& process, Decision&& decision, Ledger&& early, Instant now);
    void leave_alone(ProcessHandle& handle, const Snapshot& process, Instant now);
    void on_comm(const Event& event, Instant now);
    void watch_exit(ProcessHandle& handle, Instant now);
    void forget(Pid pid, Instant now);
    void look_again_later(Pid pid, Instant now);
    [[nodiscard]] bool steers_sessions() const;
    [[nodiscard]] std::optional<ExplainRow> autogroup_row(const Snapshot& process) const;
    [[nodiscard]] Tools tools() const { return {world_.actuator, world_.cpu_sets, knobs_}; }

    World world_;
    Knobs knobs_;
    std::shared_ptr<const Policy> policy_;
    Engines engines_;
    ProcessTable table_;
    Autogroups autogroups_;
    Timetable timetable_;
    ChangeFeed changes_;
    std::vector<Pid> scan_;
    Tally tally_;
};

}  // namespace priorityd
