// SPDX-License-Identifier: GPL-3.0-or-later
/// Makes the parts of priorityd-session, joins them, and runs the loop.
#include <unistd.h>

#include <chrono>
#include <csignal>

#include <fmt/format.h>

#include "bus/connection.hpp"
#include "bus/systemd_units.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/log.hpp"
#include "daemon/service_manager.hpp"
#include "session/options.hpp"
#include "session/session.hpp"
#include "session/units.hpp"

namespace priorityd::session {
namespace {

int fail(const daemon::Log& log, const Error& error)
{
    log.error("priorityd-session: " + error.message());
    return 1;
}

/// A lost bus ends this; systemd starts it again where there still is one.
Result<bus::Attachment> drive(bus::Connection& connection, daemon::EventLoop& loop, const daemon::Log& log)
{
    return bus::attach(connection, loop.native(),
                       {.on_lost =
                            [&loop, &log](const Error& error) {
                                log.notice("lost a bus: " + error.message());
                                loop.stop(1);
                            },
                        .around = {}});
}

std::optional<daemon::ChangedUnits> open_state(const std::filesystem::path& folder, const daemon::Log& log)
{
    if (folder.empty())
        return std::nullopt;
    auto opened = daemon::ChangedUnits::open(folder);
    if (opened)
        return *std::move(opened);
    log.warning(fmt::format("after a crash weights will stay: {}", opened.error().message()));
    return std::nullopt;
}

/// Weights are taken back by asking for it: waits until the answers are there, two seconds at most.
void finish(bus::Connection& user_bus, const bus::SystemdUnits& systemd)
{
    constexpr auto kPatience = std::chrono::seconds{2};
    bus::run_until(
        user_bus, [&] { return !systemd.is_waiting(); }, kPatience);
}

int run(const Options& options, const daemon::Log& log)
{
    auto loop = daemon::EventLoop::open();
    if (!loop)
        return fail(log, loop.error());
    auto user_bus = bus::Connection::open(options.user_bus);
    if (!user_bus)
        return fail(log, user_bus.error());
    auto system_bus = bus::Connection::open(options.system_bus);
    if (!system_bus)
        return fail(log, system_bus.error());
    bus::SystemdUnits systemd{*user_bus};
    Units units{log, systemd, Uid{getuid()}, open_state(options.state, log)};
    Session session{{.log = log,
                     .loop = *loop,
                     .system_bus = *system_bus,
                     .units = units,
                     .rules = options.rules,
                     .patience = options.patience}};
    const auto stop = [&] { loop->stop(0); };
    const auto terminate = loop->watch_signal(SIGTERM, daemon::Priority::requests, stop);
    const auto interrupt = loop->watch_signal(SIGINT, daemon::Priority::requests, stop);
    if (!terminate || !interrupt)
        return fail(log, {0, "cannot wait for signals"});
    if (auto started = session.start(); !started)
        return fail(log, started.error());
    const auto user_drive = drive(*user_bus, *loop, log);
    const auto system_drive = drive(*system_bus, *loop, log);
    if (!user_drive || !system_drive)
        return fail(log, user_drive ? system_drive.error() : user_drive.error());
    daemon::tell_ready();
    const auto status = loop->run();
    daemon::tell_stopping();
    session.stop();
    finish(*user_bus, systemd);
    return status ? *status : fail(log, status.error());
}

}  // namespace
}  // namespace priorityd::session

int main(int argc, char** argv)
{
    using namespace priorityd::session;
    const auto options = parse_options(argc, argv);
    if (const auto* status = std::get_if<int>(&options))
        return *status;
    const priorityd::daemon::Log log{std::get<Options>(options).log_level};
    return run(std::get<Options>(options), log);
}
