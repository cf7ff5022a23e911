// SPDX-License-Identifier: GPL-3.0-or-later
/// The proc connector of the running kernel, with each way of filtering. Skipped, and counted so, where it is not
/// permitted.
#include "kernel/proc_connector.hpp"

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "in_child.hpp"
#include "skip.hpp"

namespace priorityd::kernel {

namespace {

bool is_root()
{
    return ::geteuid() == 0;
}

/// Why there is no listening here; empty when there is.
std::string why_not(std::optional<EventFilter> forced = std::nullopt)
{
    const auto connector = ProcConnector::open(forced);
    return connector ? "" : connector.error().message();
}

/// Collects events until `is_enough(events)`, or for two seconds.
template <typename Enough>
std::vector<Event> listen_until(ProcConnector& connector, Enough is_enough)
{
    std::vector<Event> events;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{2};
    while (!is_enough(events) && std::chrono::steady_clock::now() < deadline) {
        pollfd readable{connector.fd(), POLLIN, 0};
        ::poll(&readable, 1, 100);
        connector.drain([&](Event&& event) { events.push_back(std::move(event)); });
    }
    return events;
}

bool contains(const std::vector<Event>& events, const Event& event)
{
    return std::ranges::find(events, event) != events.end();
}

Event event_of(Event::Kind kind, pid_t process, std::string comm = {})
{
    return {kind, Pid{process}, Tid{process}, std::move(comm)};
}

/// A child that does one of everything, and is waited for.
pid_t run_eventful_child()
{
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_NAME, "eventful");
        (void)::setresuid(0, kNobody, 0);
        ::execl("/bin/true", "true", nullptr);
        ::_exit(1);
    }
    ::waitpid(child, nullptr, 0);
    return child;
}

/// A thread of this process that names itself.
void run_named_thread()
{
    std::thread{[] { ::prctl(PR_SET_NAME, "mere-thread"); }}.join();
}

/// Names this process, which makes an event.
void rename_this_process(const char* name)
{
    ::prctl(PR_SET_NAME, name);
}

void check_events_arrive(EventFilter filter)
{
    auto connector = ProcConnector::open(filter);
    REQUIRE(connector);
    CHECK(connector->filter() == filter);
    CHECK(connector->notes().empty() == is_root());
    run_named_thread();
    const pid_t child = run_eventful_child();
    const auto executed = event_of(Event::Kind::exec, child);
    const auto events = listen_until(*connector, [&](const auto& seen) { return contains(seen, executed); });
    CHECK(contains(events, event_of(Event::Kind::comm, child, "eventful")));
    CHECK(contains(events, event_of(Event::Kind::uid, child)) == is_root());  // others cannot change their user
    CHECK(contains(events, executed));
    const bool has_thread_name =
        std::ranges::any_of(events, [](const Event& event) { return event.comm == "mere-thread"; });
    CHECK(has_thread_name == (filter == EventFilter::none));
}

}  // namespace

TEST_CASE("the connector picks the best filter of the kernel")
{
    if (const auto why = why_not(); !why.empty())
        return skip(why);
    const auto connector = ProcConnector::open();
    REQUIRE(connector);
    const bool has_proc_input = why_not(EventFilter::proc_input).empty();
    CHECK(connector->filter() == (has_proc_input ? EventFilter::proc_input : EventFilter::socket_filter));
}

TEST_CASE("events arrive through proc_input")
{
    if (const auto why = why_not(EventFilter::proc_input); !why.empty())
        return skip(why);
    check_events_arrive(EventFilter::proc_input);
}

TEST_CASE("events arrive through the socket filter")
{
    if (const auto why = why_not(); !why.empty())
        return skip(why);
    check_events_arrive(EventFilter::socket_filter);
}

TEST_CASE("events arrive without any filter")
{
    if (const auto why = why_not(); !why.empty())
        return skip(why);
    check_events_arrive(EventFilter::none);
}

TEST_CASE("a drain stops at its maximum and says that there is more")
{
    if (const auto why = why_not(); !why.empty())
        return skip(why);
    auto connector = ProcConnector::open();
    REQUIRE(connector);
    connector->drain([](Event&&) {});  // what it was told before it had a filter
    for (int round = 0; round < 5; ++round)
        rename_this_process("again");
    const auto some = connector->drain([](Event&&) {}, 2);
    CHECK(some.more);
    CHECK(some.events == 2);
    CHECK_FALSE(connector->drain([](Event&&) {}).more);
}

TEST_CASE("a drain with nothing to read returns at once")
{
    if (const auto why = why_not(); !why.empty())
        return skip(why);
    auto connector = ProcConnector::open();
    REQUIRE(connector);
    connector->drain([](Event&&) {});
    const auto drained = connector->drain([](Event&&) {}, 1000);
    CHECK_FALSE(drained.more);
    CHECK(drained.overruns == 0);
    CHECK(drained.malformed == 0);
    CHECK_FALSE(drained.failure);
}

TEST_CASE("an overrun is counted, and what was queued is still read")
{
    if (const auto why = why_not(); !why.empty())
        return skip(why);
    auto connector = ProcConnector::open();
    REQUIRE(connector);
    const int small = 16 * 1024;
    REQUIRE(::setsockopt(connector->fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
    for (int round = 0; round < 1000; ++round)
        rename_this_process("flood");
    const auto flooded = connector->drain([](Event&&) {});
    CHECK(flooded.overruns >= 1);
    CHECK(flooded.events > 0);
    CHECK(flooded.events < 1000);
    rename_this_process("after");
    const auto after = event_of(Event::Kind::comm, ::getpid(), "after");
    CHECK(contains(listen_until(*connector, [&](const auto& seen) { return contains(seen, after); }), after));
}

TEST_CASE("a second subscription does not end the first, nor does its end")
{
    if (const auto why = why_not(); !why.empty())
        return skip(why);
    auto first = ProcConnector::open();
    REQUIRE(first);
    {
        const auto second = ProcConnector::open();
        REQUIRE(second);
    }
    rename_this_process("still-here");
    const auto renamed = event_of(Event::Kind::comm, ::getpid(), "still-here");
    CHECK(contains(listen_until(*first, [&](const auto& seen) { return contains(seen, renamed); }), renamed));
}

TEST_CASE("a broken socket is a failure, not an endless loop")
{
    if (const auto why = why_not(); !why.empty())
        return skip(why);
    auto connector = ProcConnector::open();
    REQUIRE(connector);
    const int not_a_socket = ::fileno(stderr);
    const UniqueFd kept{::dup(connector->fd())};
    REQUIRE(::dup2(not_a_socket, connector->fd()) >= 0);
    const auto drained = connector->drain([](Event&&) {});
    REQUIRE(drained.failure);
    CHECK(drained.failure->code == ENOTSOCK);
    CHECK(::dup2(kept.get(), connector->fd()) >= 0);
}

TEST_CASE("where the kernel sends no events the reason is named")
{
    if (const auto why = why_not(); !why.empty())
        return skip(why);
    const auto open_text = [] {
        const auto connector = ProcConnector::open();
        return connector ? std::string{"open"} : connector.error().message();
    };
    const auto in_namespace = [&](int flags) {
        return in_child([&] { return ::unshare(flags) == 0 ? open_text() : std::string{"no namespaces here"}; });
    };
    const auto network = in_namespace(CLONE_NEWNET);
    if (network == "no namespaces here")
        return skip(network);
    CHECK(network.starts_with("cannot receive process events: this is a container with a network of its own"));
    const auto user = in_namespace(CLONE_NEWUSER);
    if (user == "no namespaces here")
        return skip(user);
    CAPTURE(user);
    CHECK(user.starts_with("cannot receive process events: "));
}

TEST_CASE("an ordinary user is told what is missing")
{
    if (!is_root())
        return skip("not root");
    if (const auto why = why_not(); !why.empty())
        return skip(why);
    // Since Linux 6.6 anybody may listen, and only the buffer is smaller; before, the capability is needed.
    const auto text = in_child([] {
        if (!become_nobody())
            return std::string{"root for ever"};
        const auto connector = ProcConnector::open();
        return connector ? connector->notes().at(0) : connector.error().message();
    });
    const bool names_it = text.starts_with("cannot receive process events: CAP_NET_ADMIN is missing (run as root)") ||
                          text.starts_with("setsockopt(SO_RCVBUFFORCE): Operation not permitted: the event buffer is ");
    CAPTURE(text);
    CHECK(names_it);
}

}  // namespace priorityd::kernel
