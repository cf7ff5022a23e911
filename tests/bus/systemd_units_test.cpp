// SPDX-License-Identifier: GPL-3.0-or-later
/// Weights through systemd, with a systemd that the test plays.
#include "bus/systemd_units.hpp"

#include <doctest/doctest.h>

#include "fake_systemd.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using namespace priorityd::test;

namespace {

struct Fixture {
    Fixture() : address{Address::Kind::other, bus.address()}, systemd{loop, address} {}

    template <typename T, typename Ask>
    Result<T> ask(Ask ask)
    {
        std::optional<Result<T>> answer;
        ask([&](const Result<T>& result) { answer = result; });
        loop.run_until([&] { return answer.has_value(); });
        REQUIRE(answer);
        return *answer;
    }
    Result<Weights> read(const std::string& unit)
    {
        return ask<Weights>([&](auto then) { units.read(unit, then); });
    }
    Result<void> write(const std::string& unit, const Weights& weights)
    {
        return ask<void>([&](auto then) { units.write(unit, weights, then); });
    }

    PrivateBus bus;
    Address address;
    Loop loop;
    FakeSystemd systemd;
    Connection connection = expect(Connection::open(address));
    SystemdUnits units{connection};
    Attachment attachment = expect(attach(connection, loop.native(), {.on_lost = [](const Error&) {}}));
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a unit's weights are read from the interface of its type")
{
    systemd.weights["CPUWeight of /org/freedesktop/systemd1/unit/a_2eservice"] = 50;
    systemd.weights["IOWeight of /org/freedesktop/systemd1/unit/session_2d3_2escope"] = 20;
    systemd.weights["CPUWeight of /org/freedesktop/systemd1/unit/session_2d3_2escope"] = 0;
    CHECK(read("a.service") == Weights{CpuWeight::make(50), {}});
    CHECK(read("session-3.scope") == Weights{CpuWeight{CpuWeight::kIdle}, IoWeight::make(20)});
    CHECK(read("b.service") == Weights{});
    CHECK(systemd.calls.front() ==
          "org.freedesktop.systemd1.Service CPUWeight of /org/freedesktop/systemd1/unit/a_2eservice");
    CHECK(systemd.calls.at(2).starts_with("org.freedesktop.systemd1.Scope "));
    CHECK_FALSE(units.is_waiting());
}

TEST_CASE_FIXTURE(Fixture, "weights are set until the next boot, and what is empty is taken back")
{
    CHECK(write("a.service", {CpuWeight::make(50), IoWeight::make(7)}));
    CHECK(write("a.service", {CpuWeight{CpuWeight::kIdle}, {}}));
    CHECK(write("a.service", {}));
    CHECK(systemd.calls == Lines{"a.service CPUWeight=50 IOWeight=7", "a.service CPUWeight=0 IOWeight=unset",
                                 "a.service CPUWeight=unset IOWeight=unset"});
}

TEST_CASE_FIXTURE(Fixture, "processes of a scope are moved to a new one in the slice that it is in")
{
    CHECK(ask<void>([&](auto then) { units.split("tab.scope", {Pid{7}, Pid{8}}, "priorityd-split-7.scope", then); }));
    CHECK(systemd.calls.back() == "start priorityd-split-7.scope (fail) in app.slice: 7 8");
    systemd.error = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
    const auto refused =
        ask<void>([&](auto then) { units.split("session-3.scope", {Pid{7}}, "priorityd-split-8.scope", then); });
    CHECK(refused.error().code == EACCES);
    CHECK_FALSE(units.is_waiting());
}

TEST_CASE_FIXTURE(Fixture, "what systemd refuses is told by what it was")
{
    systemd.error = "org.freedesktop.systemd1.NoSuchUnit";
    CHECK(read("gone.service").error().is_vanished());
    CHECK(write("gone.service", {}).error().is_vanished());
    systemd.error = "org.freedesktop.DBus.Error.AccessDenied";
    CHECK(write("a.service", {}).error().code == EACCES);
    systemd.error = "org.example.Whatever";
    CHECK(write("a.service", {}).error().message().find("a.service") != std::string::npos);
}

TEST_CASE("without systemd on the bus the manager cannot be reached")
{
    PrivateBus bus;
    Loop loop;
    Connection connection = expect(Connection::open({Address::Kind::other, bus.address()}));
    SystemdUnits units{connection};
    const auto attachment = expect(attach(connection, loop.native(), {.on_lost = [](const Error&) {}}));
    std::optional<Error> error;
    units.read("a.service", [&](const Result<Weights>& result) { error = result.error(); });
    CHECK(units.is_waiting());
    CHECK(loop.run_until([&] { return error.has_value(); }));
    CHECK(error->code == EHOSTUNREACH);
}

TEST_CASE("whoever cannot wait for a loop drives the connection until the answer is there, or no longer than so long")
{
    PrivateBus bus;
    Loop loop;
    FakeSystemd systemd{loop, {Address::Kind::other, bus.address()}};
    systemd.is_silent = true;
    Connection connection = expect(Connection::open({Address::Kind::other, bus.address()}));
    SystemdUnits units{connection};
    bool is_answered = false;
    units.write("a.service", {}, [&](const Result<void>&) { is_answered = true; });
    run_until(
        connection, [&] { return is_answered; }, std::chrono::milliseconds{50});
    CHECK_FALSE(is_answered);
    CHECK(units.is_waiting());
    bus.end();
    run_until(
        connection, [&] { return is_answered; }, std::chrono::seconds{10});
}
