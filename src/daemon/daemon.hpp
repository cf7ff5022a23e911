// SPDX-License-Identifier: GPL-3.0-or-later
/// The daemon at work: lets the event loop drive the pipeline, and answers questions about both.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/allowance.hpp"
#include "core/event_rate.hpp"
#include "core/inspection.hpp"
#include "core/pipeline.hpp"
#include "core/session_listener.hpp"
#include "core/steering.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/folder_watch.hpp"
#include "daemon/learning.hpp"
#include "daemon/log.hpp"
#include "daemon/machine_watch.hpp"
#include "daemon/overlay_switch.hpp"
#include "daemon/scoring.hpp"
#include "daemon/state.hpp"
#include "kernel/accounts.hpp"
#include "kernel/exit_watch.hpp"
#include "kernel/policy_folders.hpp"
#include "kernel/proc_connector.hpp"
#include "kernel/realtime.hpp"

namespace priorityd::daemon {

/// What the daemon is made of; main() owns it all, and it outlives the daemon.
struct Parts {
    const Log& log;
    EventLoop& loop;
    World world;
    kernel::ProcConnector& connector;
    kernel::PidfdExitWatch& exits;  ///< The one in `world`.
    kernel::Realtime& realtime;
    Scoring& scoring;  ///< The one in `world`.
    State& state;      ///< Its originals are the ones in `world`.
    kernel::PolicySources sources;
    std::string devices;  ///< The folder of device files.
    Knobs knobs;
    std::function<std::optional<ForeignScheduler>()> scheduler;  ///< The one that is loaded at the moment.
    bool is_dry_run = false;
};

class Daemon final : public Inspection, public SessionListener {
public:
    /// Loads the policy; one that is refused leaves an empty one in force, and the diagnostics in the log.
    explicit Daemon(Parts parts);

    [[nodiscard]] Steering& steering() { return steering_; }
    [[nodiscard]] DaemonLearning& learning() { return learning_; }
    [[nodiscard]] OverlaySwitch& overlays() { return overlays_; }
    /// Told of changes from now on; must outlive the daemon or be removed.
    void add_listener(ChangeListener& listener) { listeners_.push_back(&listener); }
    void remove_listener(ChangeListener& listener) { std::erase(listeners_, &listener); }

    /// Attaches everything to the loop, looks at what already runs, and becomes a real-time thread.
    /// Errors: those of the loop and of inotify.
    [[nodiscard]] Result<void> start();
    /// Puts back what was changed, unless the settings say otherwise.
    void stop();

    /// Runs what somebody has asked for by whatever way.
    void serve(const std::function<void()>& request);

    [[nodiscard]] DaemonStatus status() const override;
    [[nodiscard]] Result<ProcessView> process(Pid pid) override;
    [[nodiscard]] std::vector<ProcessView> processes(const ProcessFilter& filter) override;
    [[nodiscard]] Result<Explanation> explanation(Pid pid) override;
    [[nodiscard]] Explanation classify(const GivenFacts& facts) const override;
    [[nodiscard]] std::vector<EngineView> engines() const override;
    ReloadReport reload() override;

    void session_attached(Uid user, const std::vector<std::string>& units) override;
    void session_left(Uid user) override;

private:
    [[nodiscard]] Result<void> attach();
    EventLoop::Rest on_events();
    void on_exits();
    void on_folder_change();
    void on_news();
    void watch_machine();
    void on_gpu_opened();
    void on_cpu_change();
    bool see_to_trouble(const kernel::Drained& drained);
    void on_broken_connector(const Error& error);
    void request_scan();
    void step_scan();
    void run_due();
    void publish();
    void arm_timers(Instant at);
    void apply_settings();
    void run_briefly(Allowance& allowance, const std::function<void()>& work);
    [[nodiscard]] std::shared_ptr<const Policy> load_policy();
    void use(std::shared_ptr<const Policy> policy);
    void swap(std::shared_ptr<const Policy> policy);
    void log_ready() const;

    Parts parts_;
    std::uint32_t generation_ = 0;
    Diagnostics diagnostics_;
    std::vector<std::string> rule_files_;
    kernel::SystemAccounts accounts_;
    Pipeline pipeline_;
    Steering steering_;
    DaemonLearning learning_;
    OverlaySwitch overlays_;
    Counters counters_;
    EventRate rate_;
    Allowance realtime_of_own_work_{0.02, std::chrono::milliseconds{10}};
    Allowance realtime_of_requests_{0.01, std::chrono::milliseconds{5}};
    std::vector<ChangeListener*> listeners_;
    std::optional<FolderWatch> watch_;
    std::optional<CpuWatch> cpus_;
    std::optional<GpuWatch> gpus_;
    bool has_lost_events_ = false;  // and has not asked for a scan yet
    bool is_scan_due_ = false;      // asked for and not begun
    Instant last_published_{};
    Source exits_, disk_, folders_, gpu_opened_, scan_work_;
    Timer publish_timer_, due_timer_, reload_timer_, cpu_timer_;
};

}  // namespace priorityd::daemon
