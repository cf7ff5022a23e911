// SPDX-License-Identifier: GPL-3.0-or-later
/// A daemon that only looks like one, for tests of the client: the real service with made-up answers.
///
/// fake-daemon ADDRESS OWN_UID [POLICY_FILE...]: prints "ready" once it has the name. SIGUSR1: tells of two changes,
/// three left out and a suggestion. SIGUSR2: from now on refuses its rules, and tells so. SIGTERM: ends. What it takes
/// to make an override or to hand over rules is org.priorityd1.lower-own, as polkit on that bus has it; root just may.
/// Ids of overrides count from FIRST_ID in the environment, else from 1. The processes that can have one are 4194305,
/// which nobody can see, and one that had the pid of this daemon before.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include <systemd/sd-event.h>

#include "bus/connection.hpp"
#include "bus/names.hpp"
#include "bus/service.hpp"
#include "fake_control.hpp"
#include "fake_inspection.hpp"
#include "fake_learning.hpp"
#include "fake_overlays.hpp"

using namespace priorityd;

namespace {

/// Above the largest pid that Linux gives, so that the client cannot find such a process. Source: PID_MAX_LIMIT.
constexpr Pid kNobodysPid{4194305};
/// Of a process that had this one's pid before.
constexpr std::uint64_t kEarlierStart = 1;

struct FakeDaemon final : SessionListener {
    void session_attached(Uid /*user*/, const std::vector<std::string>& /*units*/) override {}
    void session_left(Uid /*user*/) override {}

    test::FakeInspection inspection;
    test::FakeControl control;
    test::FakeLearning learning;
    test::FakeOverlays overlays;
    std::unique_ptr<bus::Service> service;
};

int tell_changes(sd_event_source*, const struct signalfd_siginfo*, void* daemon)
{
    auto& service = *static_cast<FakeDaemon*>(daemon)->service;
    service.processes_changed({test::compiler(), test::hostile()}, 3);
    service.suggestion_added(test::linker());
    return 0;
}

int refuse_rules(sd_event_source*, const struct signalfd_siginfo*, void* data)
{
    auto& daemon = *static_cast<FakeDaemon*>(data);
    daemon.inspection.report = test::refused_report();
    (void)daemon.inspection.reload();
    return 0;
}

void block_signals()
{
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGUSR1, SIGUSR2, SIGTERM})
        sigaddset(&signals, number);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
}

int fail(const Error& error)
{
    std::fprintf(stderr, "fake-daemon: %s\n", error.message().c_str());
    return 1;
}

int run(const std::string& address, Uid own_uid, std::vector<std::string> policy_files)
{
    block_signals();
    sd_event* event = nullptr;
    sd_event_default(&event);
    auto connection = bus::Connection::open({bus::Address::Kind::other, address});
    if (!connection)
        return fail(connection.error());
    FakeDaemon daemon;
    daemon.inspection.answer.rule_files = std::move(policy_files);
    daemon.control.processes = {{kNobodysPid, 7}, {Pid{::getpid()}, kEarlierStart}};
    if (const char* first_id = std::getenv("FIRST_ID"))
        daemon.control.next_id = std::atoi(first_id);
    bus::Sessions sessions{*connection, daemon};
    auto service = bus::Service::create(*connection, daemon.inspection, daemon.control, daemon.learning,
                                        daemon.overlays, sessions, own_uid);
    if (!service)
        return fail(service.error());
    daemon.service = *std::move(service);
    daemon.inspection.listener = daemon.service.get();
    daemon.control.listener = daemon.service.get();
    daemon.overlays.listener = daemon.service.get();
    const auto attachment =
        bus::attach(*connection, event, {.on_lost = [event](const Error&) { sd_event_exit(event, 3); }});
    if (!attachment)
        return fail(attachment.error());
    if (const auto named = connection->request_name(bus::kBusName); !named)
        return fail(named.error());
    sd_event_add_signal(event, nullptr, SIGUSR1, tell_changes, &daemon);
    sd_event_add_signal(event, nullptr, SIGUSR2, refuse_rules, &daemon);
    sd_event_add_signal(event, nullptr, SIGTERM, nullptr, nullptr);
    std::puts("ready");
    std::fflush(stdout);
    return sd_event_loop(event);
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::fputs("usage: fake-daemon ADDRESS OWN_UID [POLICY_FILE...]\n", stderr);
        return 2;
    }
    return run(argv[1], Uid{static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10))}, {argv + 3, argv + argc});
}
