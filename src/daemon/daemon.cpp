// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/daemon.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "daemon/clocks.hpp"
#include "daemon/spare_memory.hpp"

namespace priorityd::daemon {
namespace {

using namespace std::chrono_literals;

/// Signals are at least this far apart. Source: the contract of ProcessesChanged.
constexpr auto kPublishInterval = 100ms;
/// An editor or a package manager writes several files in a row.
constexpr auto kReloadDelay = 200ms;
/// CPUs come and go one by one, as many as there are.
constexpr auto kCpuDelay = 250ms;
/// One turn of draining, so that D-Bus and signals get theirs during a storm; 8 to 20 us each.
constexpr std::size_t kEventsATurn = 512;
/// In a storm events are left to gather for so long before they are read; less than a millisecond of a compiler's life.
constexpr auto kGathering = 500us;
/// One turn of scanning, during which events wait: about half a millisecond.
constexpr std::size_t kScanStep = 16;

}  // namespace

Daemon::Daemon(Parts parts)
    : parts_{std::move(parts)},
      pipeline_{parts_.world, parts_.knobs, {.policy = std::make_shared<const Policy>()}},
      steering_{{.pipeline = pipeline_,
                 .source = parts_.world.source,
                 .keeper = parts_.state.keeper(),
                 .accounts = accounts_,
                 .clocks = clocks,
                 .request_scan = [this] { request_scan(); },
                 .own_pid = parts_.world.own_pid}},
      learning_{{.log = parts_.log,
                 .keeper = parts_.scoring.profiles(),
                 .layers = [this]() -> const Layers& { return pipeline_.layers(); },
                 .rules_folder = [this] { return kernel::folder_for_new_rules(parts_.sources); }}},
      overlays_{{.log = parts_.log,
                 .store = parts_.state.chosen_overlay(),
                 .swap = [this](std::shared_ptr<const Policy> policy) { swap(std::move(policy)); }}}
{
    if (auto policy = load_policy())
        use(overlays_.use(std::move(policy)));
    steering_.resume(parts_.state.take_overrides());
    pipeline_.adopt(parts_.state.take_originals(), now());
    pipeline_.adopt(parts_.state.take_units(), now());
}

void Daemon::use(std::shared_ptr<const Policy> policy)
{
    parts_.scoring.use(*policy);
    for (const auto& fault : steering_.use(std::move(policy)))
        parts_.log.warning(fault);
}

/// By another overlay than before. Rules of users are read again for it, so it is nothing for a real-time thread.
void Daemon::swap(std::shared_ptr<const Policy> policy)
{
    const auto pause = parts_.realtime.pause();
    use(std::move(policy));
    request_scan();
}

std::shared_ptr<const Policy> Daemon::load_policy()
{
    const auto files = kernel::read_policy_files(parts_.sources);
    auto reading = read_policy(files, accounts_);
    diagnostics_ = std::move(reading.diagnostics);
    for (const auto& diagnostic : diagnostics_) {
        const bool is_error = diagnostic.level == Diagnostic::Level::error;
        parts_.log.write(is_error ? Log::Level::error : Log::Level::warning, diagnostic.to_text());
    }
    if (!reading.policy) {
        parts_.log.error(fmt::format("the rules are refused for the errors above; {} stay in force",
                                     generation_ == 0 ? "none" : "the earlier ones"));
        return nullptr;
    }
    ++generation_;
    rule_files_.clear();
    for (const auto& file : files) {
        if (file.kind != PolicyFile::Kind::settings)
            rule_files_.push_back(file.path);
    }
    return std::make_shared<const Policy>(*std::move(reading.policy));
}

Result<void> Daemon::start()
{
    if (auto attached = attach(); !attached)
        return attached;
    pipeline_.begin_scan();
    while (pipeline_.continue_scan(kScanStep, now())) {
    }
    give_back_spare_memory();
    apply_settings();
    (void)on_events();  // what has started meanwhile
    pipeline_.catch_up();
    arm_timers(now());
    log_ready();
    return {};
}

Result<void> Daemon::attach()
{
    auto& loop = parts_.loop;
    Error error;
    // Keeps the source; the first error is told.
    const auto keep = [&](auto& source, auto&& attempt) {
        if (attempt)
            source = *std::forward<decltype(attempt)>(attempt);
        else if (error.doing.empty())
            error = attempt.error();
    };
    keep(exits_, loop.watch_fd(parts_.exits.fd(), Priority::requests, [this] { on_exits(); }));
    if (parts_.state.fd() >= 0)
        keep(disk_, loop.watch_fd(parts_.state.fd(), Priority::requests,
                                  [this] { serve([this] { parts_.state.finish(); }); }));
    keep(scan_work_, loop.add_work(Priority::work, [this] { step_scan(); }));
    keep(publish_timer_, loop.add_timer(Priority::later, [this] { publish(); }));
    keep(due_timer_, loop.add_timer(Priority::later, [this] { run_due(); }));
    keep(reload_timer_, loop.add_timer(Priority::later, [this] { reload(); }));
    keep(watch_, FolderWatch::open());
    if (watch_) {
        watch_->watch(kernel::folders_to_watch(parts_.sources));
        keep(folders_, loop.watch_fd(watch_->fd(), Priority::requests, [this] { on_folder_change(); }));
    }
    keep(cpu_timer_, loop.add_timer(Priority::later, [this] { on_cpu_change(); }));
    watch_machine();
    if (auto attached = parts_.scoring.attach({loop, [this] { on_news(); },
                                               [this](const ProcessKey& process) {
                                                   auto standing = pipeline_.standing_of(process);
                                                   standing.is_foreground = steering_.is_in_foreground(process);
                                                   return standing;
                                               }});
        !attached && error.doing.empty())
        error = attached.error();
    const auto around = [this](const std::function<void()>& request) { serve(request); };
    if (auto attached = overlays_.attach(loop, around); !attached && error.doing.empty())
        error = attached.error();
    loop.watch_first(parts_.connector.fd(), [this] { return on_events(); });
    if (!error.doing.empty())
        return tl::unexpected(error);
    return {};
}

/// What is not heard of here is found out later, by looks at intervals.
void Daemon::watch_machine()
{
    auto cpus = CpuWatch::open(parts_.loop, [this] { cpu_timer_.arm(now() + kCpuDelay); });
    if (cpus)
        cpus_ = *std::move(cpus);
    else
        parts_.log.warning(cpus.error().message() + "; going on without it");
    auto gpus = GpuWatch::open(parts_.devices);
    auto opened = gpus ? parts_.loop.watch_fd(gpus->fd(), Priority::later, [this] { on_gpu_opened(); })
                       : Result<Source>{tl::unexpected(gpus.error())};
    if (opened) {
        gpus_ = *std::move(gpus);
        gpu_opened_ = *std::move(opened);
    } else {
        parts_.log.warning(opened.error().message() + "; going on without word of opened GPUs");
    }
}

void Daemon::stop()
{
    parts_.realtime.leave();
    if (pipeline_.policy().settings().restore_on_exit)
        pipeline_.restore(now());
    parts_.state.close(pipeline_.originals());
    const auto& tally = pipeline_.tally();
    parts_.log.notice(fmt::format("stopped: {} settings had been applied, {} refused", tally.applied, tally.failed));
}

void Daemon::apply_settings()
{
    if (pipeline_.policy().settings().realtime)
        parts_.realtime.enter();
    else
        parts_.realtime.leave();
}

EventLoop::Rest Daemon::on_events()
{
    if (parts_.realtime.was_demoted()) {
        parts_.log.warning(
            "ran for 200 ms without a pause and was taken out of real time by its own limit; back again");
        parts_.realtime.enter();
    }
    if (rate_.is_storm())
        std::this_thread::sleep_for(kGathering);
    const auto looks_before = pipeline_.full_looks();
    const auto drained =
        parts_.connector.drain([this](Event&& event) { pipeline_.handle(event, now()); }, kEventsATurn);
    const auto at = now();
    rate_.note(drained.events, at);
    counters_.events_received += drained.events;
    counters_.events_malformed += drained.malformed;
    counters_.events_lost += drained.overruns;
    if (const auto due = pipeline_.full_looks_due(); due && *due <= at)
        run_briefly(realtime_of_own_work_, [this] { pipeline_.catch_up(); });
    const bool were_all_reactions = pipeline_.full_looks() == looks_before;
    const bool was_trouble = see_to_trouble(drained);
    if (!were_all_reactions)
        arm_timers(at);
    return {.again = pipeline_.full_looks_due(), .concerns_loop = was_trouble || !were_all_reactions};
}

/// Whether there was any.
bool Daemon::see_to_trouble(const kernel::Drained& drained)
{
    if (drained.failure) {
        on_broken_connector(*drained.failure);
        return true;
    }
    // Until the queue has been empty once the kernel goes on dropping, without telling again: a scan before that would
    // miss what starts meanwhile. Source: NETLINK_S_CONGESTED in net/netlink/af_netlink.c.
    has_lost_events_ = has_lost_events_ || drained.overruns > 0;
    if (!has_lost_events_ || drained.more)
        return false;
    has_lost_events_ = false;
    request_scan();
    return true;
}

void Daemon::on_exits()
{
    const auto at = now();
    for (const Pid pid : parts_.exits.take_ended()) {
        pipeline_.on_exit(pid, at);
        steering_.on_exit(pid);
    }
    arm_timers(at);
}

void Daemon::on_news()
{
    const auto pause = parts_.realtime.pause();
    pipeline_.look_again(parts_.scoring.take_news(now()), now());
    arm_timers(now());
}

void Daemon::on_gpu_opened()
{
    if (gpus_->was_opened())
        pipeline_.on_gpu_opened(now());
    arm_timers(now());
}

void Daemon::on_cpu_change()
{
    const auto pause = parts_.realtime.pause();
    pipeline_.on_cpu_change(now());
    arm_timers(now());
}

void Daemon::on_broken_connector(const Error& error)
{
    parts_.log.error(fmt::format("the proc connector broke: {}; opening it again", error.message()));
    auto connector = kernel::ProcConnector::open();
    if (!connector) {
        parts_.log.error(connector.error().message());
        return parts_.loop.stop(1);
    }
    parts_.connector = *std::move(connector);
    parts_.loop.watch_first(parts_.connector.fd(), [this] { return on_events(); });
    request_scan();
}

/// However often it is asked for until it begins, it is one scan.
void Daemon::request_scan()
{
    is_scan_due_ = true;
    scan_work_.enable();
}

void Daemon::step_scan()
{
    const auto pause = parts_.realtime.pause();
    if (std::exchange(is_scan_due_, false)) {
        ++counters_.rescans;
        pipeline_.begin_scan();
    }
    if (pipeline_.continue_scan(kScanStep, now()))
        scan_work_.enable();
    arm_timers(now());
}

void Daemon::run_due()
{
    run_briefly(realtime_of_own_work_, [this] {
        pipeline_.run_due(now());
        steering_.run_due(now());
        parts_.scoring.run_due(now());
        pipeline_.look_again(parts_.scoring.take_news(now()), now());
    });
    arm_timers(now());
}

/// Out of real time even a little work lasts as long as the busy loops of others want, and programs that start
/// meanwhile wait for it; in real time it keeps others from the CPU. So it stays in real time as long as that is little
/// on the whole.
void Daemon::run_briefly(Allowance& allowance, const std::function<void()>& work)
{
    const auto begin = now();
    if (!allowance.is_left(begin)) {
        const auto pause = parts_.realtime.pause();
        return work();
    }
    work();
    allowance.spend(now() - begin);
}

void Daemon::arm_timers(Instant at)
{
    if (pipeline_.has_changes() && !listeners_.empty() && !publish_timer_.is_armed())
        publish_timer_.arm(std::max(at, last_published_ + kPublishInterval));
    const auto due = earlier(earlier(pipeline_.deadline(), steering_.deadline()), parts_.scoring.deadline(at));
    if (due)
        due_timer_.arm(*due);
}

void Daemon::publish()
{
    last_published_ = now();
    run_briefly(realtime_of_own_work_, [this] {
        if (parts_.state.wants_originals())
            parts_.state.keep(pipeline_.originals());
        const auto batch = pipeline_.take_changes();
        for (auto* listener : listeners_)
            listener->processes_changed(batch.rows, batch.left_out);
    });
}

void Daemon::on_folder_change()
{
    if (watch_->has_changed() && !reload_timer_.is_armed())
        reload_timer_.arm(now() + kReloadDelay);
}

ReloadReport Daemon::reload()
{
    const auto pause = parts_.realtime.pause();
    watch_->watch(kernel::folders_to_watch(parts_.sources));  // folders may have come or gone
    auto policy = load_policy();
    ReloadReport report;
    report.is_accepted = policy != nullptr;
    if (policy) {
        use(overlays_.use(std::move(policy)));
        apply_settings();
        request_scan();
        give_back_spare_memory();
    }
    report.rules = static_cast<std::uint32_t>(pipeline_.policy().rules().size());
    if (report.is_accepted)
        parts_.log.notice(fmt::format("reloaded: {} rules in force (generation {})", report.rules, generation_));
    report.diagnostics = diagnostics_;
    for (auto* listener : listeners_)
        listener->policy_reloaded(generation_, report);
    return report;
}

/// Who asks much of the daemon shall wait, not the programs that start meanwhile.
void Daemon::serve(const std::function<void()>& request)
{
    run_briefly(realtime_of_requests_, request);
    arm_timers(now());
}

void Daemon::session_attached(Uid user, const std::vector<std::string>& units)
{
    parts_.log.info(fmt::format("priorityd-session of user {} is there", raw(user)));
    pipeline_.reach_manager(user, units, now());
}

void Daemon::session_left(Uid user)
{
    parts_.log.info(fmt::format("priorityd-session of user {} has left", raw(user)));
    pipeline_.lose_manager(user, now());
}

void Daemon::log_ready() const
{
    std::vector<std::string_view> live;
    for (const auto& [name, state] : pipeline_.knobs()) {
        if (state.is_live)
            live.push_back(name);
    }
    const auto& policy = pipeline_.policy();
    parts_.log.notice(
        fmt::format("ready: {} rules, {} classes, {} processes decided for, {} settings applied; live knobs: {}{}",
                    policy.rules().size(), policy.classes().size(), pipeline_.tracked(), pipeline_.tally().applied,
                    fmt::join(live, ", "), parts_.is_dry_run ? "; dry run" : ""));
}

}  // namespace priorityd::daemon
