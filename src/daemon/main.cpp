// SPDX-License-Identifier: GPL-3.0-or-later
/// Makes the parts, joins them, and runs the loop. The only place that knows every part.

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "bus/connection.hpp"
#include "bus/engine_client.hpp"
#include "bus/names.hpp"
#include "bus/power_watch.hpp"
#include "bus/service.hpp"
#include "bus/sessions.hpp"
#include "bus/systemd_units.hpp"
#include "daemon/change_log.hpp"
#include "daemon/daemon.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/log.hpp"
#include "daemon/options.hpp"
#include "daemon/program_lookup.hpp"
#include "daemon/service_manager.hpp"
#include "daemon/state.hpp"
#include "daemon/units.hpp"
#include "kernel/actuator.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/exit_watch.hpp"
#include "kernel/knobs.hpp"
#include "kernel/proc_connector.hpp"
#include "kernel/procfs.hpp"
#include "kernel/realtime.hpp"
#include "kernel/sched_ext.hpp"
#include "kernel/topology.hpp"
#include "kernel/untouched.hpp"

namespace priorityd::daemon {
namespace {

/// The daemon's place on a bus. Without one it works all the same.
class BusSeat {
public:
    BusSeat(const Log& log, Units& units, Scoring& scoring) : log_{log}, units_{units}, scoring_{scoring} {}

    /// Errors: EEXIST when another priorityd is there.
    Result<void> take(const std::string& where)
    {
        const auto address = bus::parse_address(where);
        if (!address)
            return failure(0, fmt::format("--bus {}: expected system, session, none or a D-Bus address", where));
        auto connection = bus::Connection::open(*address);
        if (!connection)
            return tl::unexpected(connection.error());
        connection_ = std::make_unique<bus::Connection>(*std::move(connection));
        return {};
    }

    Result<void> serve(Daemon& daemon, EventLoop& loop)
    {
        systemd_.emplace(*connection_);
        sessions_.emplace(*connection_, daemon);
        units_.use(Units::Managers{*systemd_, *sessions_});
        engines_.emplace(*connection_, [this](const std::string& name) { scoring_.hear_of_engine(name); });
        scoring_.use(&*engines_);
        power_.emplace(*connection_, [&daemon](const PowerState& power) { daemon.overlays().hear(power); });
        daemon.overlays().use(&*power_);
        auto service = bus::Service::create(*connection_, daemon, daemon.steering(), daemon.learning(),
                                            daemon.overlays(), *sessions_, Uid{geteuid()});
        if (!service)
            return tl::unexpected(service.error());
        service_ = *std::move(service);
        if (auto named = connection_->request_name(bus::kBusName); !named)
            return named;
        auto attachment =
            bus::attach(*connection_, loop.native(),
                        {.on_lost = [this, &daemon](const Error& error) { leave(daemon, error); },
                         .around = [&daemon](const std::function<void()>& handle) { daemon.serve(handle); }});
        if (!attachment)
            return tl::unexpected(attachment.error());
        attachment_.emplace(*std::move(attachment));
        daemon.add_listener(*service_);
        daemon.steering().add_listener(*service_);
        daemon.learning().add_listener(*service_);
        daemon.overlays().add_listener(*service_);
        return {};
    }

    /// Weights are taken back by asking for it: waits until the answers are there, two seconds at most.
    void finish()
    {
        constexpr auto kPatience = std::chrono::seconds{2};
        if (connection_)
            bus::run_until(
                *connection_, [this] { return !systemd_->is_waiting() && !sessions_->is_waiting(); }, kPatience);
    }

private:
    void leave(Daemon& daemon, const Error& error)
    {
        log_.warning(fmt::format("lost the bus: {}; going on without it", error.message()));
        service_->lose_everybody();
        daemon.remove_listener(*service_);
        daemon.steering().remove_listener(*service_);
        daemon.learning().remove_listener(*service_);
        daemon.overlays().remove_listener(*service_);
        daemon.overlays().use(nullptr);
        units_.use(std::nullopt);
        scoring_.use(nullptr);
        sessions_->lose_everybody();
        attachment_.reset();
        service_.reset();
        sessions_.reset();
        power_.reset();
        engines_.reset();
        systemd_.reset();
        connection_.reset();
    }

    const Log& log_;
    Units& units_;
    Scoring& scoring_;
    std::unique_ptr<bus::Connection> connection_;
    std::optional<bus::SystemdUnits> systemd_;
    std::optional<bus::Sessions> sessions_;
    std::optional<bus::EngineClient> engines_;
    std::optional<bus::PowerWatch> power_;
    std::unique_ptr<bus::Service> service_;
    std::optional<bus::Attachment> attachment_;
};

kernel::PolicySources sources_of(const Options& options)
{
    auto sources = kernel::default_sources();
    if (options.config)
        kernel::use_settings_file(sources, *options.config);
    if (!options.rules.empty())
        kernel::use_rules(sources, options.rules);
    return sources;
}

int fail(const Log& log, const Error& error)
{
    log.error("priorityd: " + error.message());
    return 1;
}

/// What the daemon has of the kernel.
struct KernelSide {
    KernelSide(kernel::ProcConnector&& listener, kernel::Procfs&& source, kernel::PidfdExitWatch&& watch)
        : connector{std::move(listener)}, procfs{std::move(source)}, exits{std::move(watch)}
    {
    }
    /// Errors: those of its parts.
    static Result<std::unique_ptr<KernelSide>> open();

    kernel::ProcConnector connector;
    kernel::Procfs procfs;
    kernel::PidfdExitWatch exits;
    kernel::KernelActuator actuator;
    kernel::DryRunActuator dry_run_actuator;
    kernel::Topology topology{kernel::usual_topology()};
    kernel::Realtime realtime;
};

Result<std::unique_ptr<KernelSide>> KernelSide::open()
{
    auto connector = kernel::ProcConnector::open();
    if (!connector)
        return tl::unexpected(connector.error());
    auto procfs = kernel::Procfs::open();
    if (!procfs)
        return tl::unexpected(procfs.error());
    auto exits = kernel::PidfdExitWatch::open();
    if (!exits)
        return tl::unexpected(exits.error());
    return std::make_unique<KernelSide>(*std::move(connector), *std::move(procfs), *std::move(exits));
}

/// Those who are asked for weights: the managers themselves, or in a dry run somebody who only says that he has asked.
struct WeightSide {
    explicit WeightSide(State& state)
        : units{kernel::UniqueFd{::open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC)}, state}, dry_run_units{units}
    {
    }
    Units units;
    DryRunUnits dry_run_units;
};

Parts parts_of(const Options& options, const Log& log, EventLoop& loop, KernelSide& kernel, WeightSide& weights,
               Scoring& scoring, State& state)
{
    const bool is_dry_run = options.is_dry_run;
    return {.log = log,
            .loop = loop,
            .world = {.source = kernel.procfs,
                      .actuator = is_dry_run ? static_cast<Actuator&>(kernel.dry_run_actuator) : kernel.actuator,
                      .machine = kernel.topology,
                      .exits = kernel.exits,
                      .units = is_dry_run ? static_cast<UnitManagers&>(weights.dry_run_units) : weights.units,
                      .originals = state.originals(),
                      .advisers = scoring,
                      .untouched = kernel::untouched_values(),
                      .own_pid = Pid{getpid()}},
            .connector = kernel.connector,
            .exits = kernel.exits,
            .realtime = kernel.realtime,
            .scoring = scoring,
            .state = state,
            .sources = sources_of(options),
            .devices = "/proc/1/root/dev",  // its own may be private, as in the service
            .knobs = kernel::probe_knobs({}),
            .scheduler = [] { return kernel::foreign_scheduler(kernel::Roots{}); },
            .is_dry_run = is_dry_run};
}

/// SIGTERM and SIGINT end the daemon, SIGHUP has it read its rules again.
struct Signals {
    Result<Source> terminate, interrupt, hang_up;

    Signals(EventLoop& loop, Daemon& daemon)
        : terminate{loop.watch_signal(SIGTERM, Priority::requests, [&loop] { loop.stop(0); })},
          interrupt{loop.watch_signal(SIGINT, Priority::requests, [&loop] { loop.stop(0); })},
          hang_up{loop.watch_signal(SIGHUP, Priority::requests, [&daemon] {
              tell_reloading();
              daemon.reload();
              tell_ready();
          })}
    {
    }
    [[nodiscard]] bool are_watched() const { return terminate && interrupt && hang_up; }
};

/// From the first look at what runs until everything is put back.
int live(Daemon& daemon, EventLoop& loop, BusSeat& seat, const Log& log)
{
    const Signals signals{loop, daemon};
    if (!signals.are_watched())
        return fail(log, {0, "cannot wait for signals"});
    if (auto started = daemon.start(); !started)
        return fail(log, started.error());
    if (auto watched = loop.answer_watchdog(); !watched)
        log.warning(watched.error().message() + "; going on without the watchdog");
    tell_ready();
    const auto status = loop.run();
    tell_stopping();
    daemon.stop();
    seat.finish();
    return status ? *status : fail(log, status.error());
}

int run(const Options& options, const Log& log)
{
    const auto kernel = KernelSide::open();
    if (!kernel)
        return fail(log, kernel.error());
    for (const auto& note : (*kernel)->connector.notes())
        log.info(note);
    auto state = State::open(options.state, options.is_dry_run ? Keep::wishes_alone : Keep::everything, log);
    if (!state)
        return fail(log, state.error());
    const auto scoring = Scoring::open(state->folder(), log);
    if (!scoring)
        return fail(log, scoring.error());
    auto loop = EventLoop::open();
    if (!loop)
        return fail(log, loop.error());
    if (const auto missing = kernel::missing_capabilities(); !missing.empty())
        log.warning(fmt::format("{}; going on with what is there", missing));
    WeightSide weights{*state};
    BusSeat seat{log, weights.units, **scoring};
    const bool has_bus = options.bus != "none";
    if (has_bus) {
        if (auto taken = seat.take(options.bus); !taken)
            return fail(log, {taken.error().code, taken.error().doing + " (--bus none runs without one)"});
    }
    Daemon daemon{parts_of(options, log, *loop, **kernel, weights, **scoring, *state)};
    ChangeLog change_log{log};
    if (log.takes(Log::Level::info))
        daemon.add_listener(change_log);
    if (has_bus) {
        if (auto serving = seat.serve(daemon, *loop); !serving)
            return fail(log, serving.error());
    }
    return live(daemon, *loop, seat, log);
}

}  // namespace
}  // namespace priorityd::daemon

int main(int argc, char** argv)
{
    using namespace priorityd::daemon;
    const auto options = parse_options(argc, argv);
    if (const auto* status = std::get_if<int>(&options))
        return *status;
    const Log log{std::get<Options>(options).log_level};
    return run(std::get<Options>(options), log);
}
