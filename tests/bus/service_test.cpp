// SPDX-License-Identifier: GPL-3.0-or-later
/// The service on a real bus: real calls from other connections, answered in the test's own event loop.
#include "bus/service.hpp"

#include <memory>
#include <optional>
#include <string>

#include <doctest/doctest.h>
#include <systemd/sd-event.h>

#include "bus/client.hpp"
#include "bus/connection.hpp"
#include "bus/marshal.hpp"
#include "bus/names.hpp"
#include "bus/sdbus_compat.hpp"
#include "bus_fixture.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using namespace priorityd::test;
using Kind = ClientError::Kind;

TEST_CASE_FIXTURE(Fixture, "a process is answered with what was decided and what it has")
{
    const auto answer = ask([](ManagerClient& client) { return client.process(Pid{4242}); });
    REQUIRE(answer);
    CHECK(answer->key == test::compiler().key);
    CHECK(answer->name == "cc1plus");
    CHECK(answer->settings == test::compiler().settings);
    CHECK(answer->actual == test::compiler().actual);
}

TEST_CASE_FIXTURE(Fixture, "another implementation of D-Bus reads the same types")
{
    const auto shown = run(dbus_send({"org.priorityd1.Manager.GetProcess", "uint32:4242"}));
    CHECK(shown.status == 0);
    for (const char* part :
         {" uint32 4242", " uint64 123456789012", " string \"cc1plus\"", " int32 10", " string \"best-effort/6\""})
        CHECK_MESSAGE(contains(shown.output, part), shown.output);
}

TEST_CASE_FIXTURE(Fixture, "a process that is not there is NoSuchProcess, whatever number it was asked by")
{
    for (const std::uint32_t pid : {1U, 0U, 2147483648U, 4294967295U}) {
        for (const char* method : {"GetProcess", "Explain"}) {
            const auto [name, text] = error_of(method, pid);
            CHECK(name == "org.priorityd1.Error.NoSuchProcess");
            CHECK(contains(text, std::to_string(pid)));
        }
    }
}

TEST_CASE_FIXTURE(Fixture, "processes are listed in the order of their pids, without what they have now")
{
    const auto answer = ask([](ManagerClient& client) { return client.processes({}); });
    REQUIRE(answer);
    REQUIRE(answer->size() == 2);
    CHECK(answer->front().key.pid == Pid{666});
    CHECK(answer->back().key.pid == Pid{4242});
    CHECK(answer->back().actual.empty());
}

TEST_CASE_FIXTURE(Fixture, "a filter reaches the daemon")
{
    const ProcessFilter sent{.class_name = "build", .source = "50-", .name = "cc1plus", .uid = Uid{1000}};
    const auto answer = ask([&](ManagerClient& client) { return client.processes(sent); });
    REQUIRE(answer);
    CHECK(answer->size() == 1);
    REQUIRE(inspection.filters.size() == 1);
    CHECK(inspection.filters[0].source == "50-");
    CHECK(inspection.filters[0].uid == Uid{1000});
}

TEST_CASE_FIXTURE(Fixture,
                  "a filter or facts with an unknown key or a wrong type are InvalidSetting, and not asked for")
{
    const Dict unknown{{"nmae", sdbus::Variant(std::string{"x"})}};
    const Dict mistyped{{"name", sdbus::Variant(std::uint32_t{1})}};
    for (const char* method : {"ListProcesses", "Classify"}) {
        const auto [name, text] = error_of(method, unknown);
        CHECK(name == "org.priorityd1.Error.InvalidSetting");
        CHECK(contains(text, "\"nmae\""));
        CHECK(contains(text, "name s"));
        CHECK(error_of(method, mistyped).first == "org.priorityd1.Error.InvalidSetting");
    }
    CHECK(inspection.filters.empty());
    CHECK(inspection.facts.empty());
}

TEST_CASE_FIXTURE(Fixture, "hostile names arrive escaped")
{
    const auto answer = ask([](ManagerClient& client) { return client.process(Pid{666}); });
    REQUIRE(answer);
    CHECK(answer->name == "foo) Z 1\\n\\x1b[31m\\xff\\xfe\\\\");
    CHECK(contains(run(dbus_send({"org.priorityd1.Manager.GetProcess", "uint32:666"})).output, "foo) Z 1\\n"));
}

TEST_CASE_FIXTURE(Fixture, "an explanation has every contribution in order")
{
    const auto answer = ask([](ManagerClient& client) { return client.explanation(Pid{4242}); });
    REQUIRE(answer);
    CHECK(answer->rows == test::compiler_rows());
    CHECK(answer->process.actual == test::compiler().actual);
}

TEST_CASE_FIXTURE(Fixture, "a process that no rule matches is explained with no row")
{
    const auto answer = ask([](ManagerClient& client) { return client.explanation(Pid{666}); });
    REQUIRE(answer);
    CHECK(answer->rows.empty());
}

TEST_CASE_FIXTURE(Fixture, "facts of a process that does not exist reach the daemon and are explained")
{
    GivenFacts facts;
    facts.name = "python3";
    facts.args = {"-m", "vllm"};
    facts.uses.gpu = true;
    const auto answer = ask([&](ManagerClient& client) { return client.classify(facts); });
    REQUIRE(answer);
    CHECK(answer->process.name == "python3");
    CHECK(answer->rows == test::compiler_rows());
    REQUIRE(inspection.facts.size() == 1);
    CHECK(inspection.facts[0].args == facts.args);
    CHECK(inspection.facts[0].uses.gpu);
}

TEST_CASE_FIXTURE(Fixture, "the properties tell all that status shows")
{
    const auto answer = ask([](ManagerClient& client) { return client.status(); });
    REQUIRE(answer);
    const DaemonStatus& status = answer->daemon;
    CHECK(status.version == "9.8.7");
    CHECK(status.generation == 3);
    CHECK(status.rules == 512);
    CHECK(status.classes == std::vector<std::string>{"build", "media"});
    CHECK(status.rule_files == std::vector<std::string>{"/etc/priorityd/rules.d/50-build.toml"});
    CHECK(status.tracked == 2);
    CHECK(status.overrides == 5);
    CHECK(status.counters.events_received == 5'000'000'000);
    CHECK(status.counters.events_malformed == 2);
    CHECK(status.counters.events_lost == 1);
    CHECK(status.counters.rescans == 4);
    CHECK(status.counters.applied == 77);
    CHECK(status.counters.failed == 6);
    CHECK(status.listening == "proc_input");
    CHECK(status.thread == "SCHED_RR 1");
    CHECK_FALSE(status.is_dry_run);
    CHECK(answer->engines == std::vector<std::string>{"rules", "metadata"});
    CHECK(answer->diagnostics == to_texts(inspection.answer.diagnostics));
    REQUIRE(status.knobs.size() == 3);
    CHECK(status.knobs.at("nice").is_live);
    CHECK(status.knobs.at("cpus").why == "isolated CPUs left out");
    CHECK_FALSE(status.knobs.at("cpu_weight").is_live);
    CHECK(status.knobs.at("cpu_weight").why == "needs a later version");
}

TEST_CASE_FIXTURE(Fixture, "every property of the interface has the type that its description says")
{
    const auto shown = run(dbus_send({"org.freedesktop.DBus.Properties.GetAll", "string:org.priorityd1.Manager"}));
    CHECK(shown.status == 0);
    for (const char* name :
         {"Version",         "Generation", "Rules",   "Classes", "Tracked",     "EventsReceived", "EventsLost",
          "EventsMalformed", "Rescans",    "Applied", "Failed",  "LiveKnobs",   "Knobs",          "Engines",
          "Foreground",      "Listening",  "Thread",  "DryRun",  "Diagnostics", "PolicyFiles",    "Overrides"})
        CHECK_MESSAGE(contains(shown.output, "string \"" + std::string{name} + "\""), shown.output);
    const auto described = run(dbus_send({"org.freedesktop.DBus.Introspectable.Introspect"}));
    CHECK(contains(described.output, R"(<property name="LiveKnobs" type="a{sb}" access="read">)"));
    CHECK(contains(described.output, R"(<signal name="ProcessesChanged">)"));
}

TEST_CASE_FIXTURE(Fixture, "nobody may write a property")
{
    const auto shown = run(dbus_send({"org.freedesktop.DBus.Properties.Set", "string:org.priorityd1.Manager",
                                      "string:Generation", "variant:uint32:9"}));
    CHECK(shown.status != 0);
    CHECK(inspection.answer.generation == 3);
}

TEST_CASE_FIXTURE(Fixture, "a reload by a user who may not is NotAuthorized and not done")
{
    const auto shown = run(dbus_send({"org.priorityd1.Manager.Reload"}), stranger);
    CHECK(shown.status != 0);
    CHECK_MESSAGE(contains(shown.output, "org.priorityd1.Error.NotAuthorized"), shown.output);
    CHECK(inspection.reloads == 0);
}

TEST_CASE_FIXTURE(Fixture, "everybody may read")
{
    const auto shown = run(dbus_send({"org.priorityd1.Manager.GetProcess", "uint32:4242"}), stranger);
    CHECK_MESSAGE(shown.status == 0, shown.output);
}

TEST_CASE("the user that the daemon runs as may have it reload")
{
    test::PrivateBus bus;
    Loop loop;
    const Address address{Address::Kind::other, bus.address()};
    Daemon daemon{loop, address, Uid{::geteuid()}};
    const auto answer = loop.serve([&] { return ManagerClient::connect(address)->reload(); });
    REQUIRE(answer);
    CHECK(answer->rules == 513);
    CHECK(daemon.inspection.reloads == 1);
}

TEST_CASE("rules with errors are InvalidRules, and the error tells the first of them")
{
    test::PrivateBus bus;
    Loop loop;
    const Address address{Address::Kind::other, bus.address()};
    Daemon daemon{loop, address, Uid{::geteuid()}};
    daemon.inspection.report = test::refused_report();
    const auto answer = loop.serve([&] { return ManagerClient::connect(address)->reload(); });
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Kind::refused_rules);
    CHECK(contains(answer.error().text, "a.toml:4:8"));
    CHECK(contains(answer.error().text, "2 errors"));
    const auto status = loop.serve([&] { return ManagerClient::connect(address)->status(); });
    REQUIRE(status);
    CHECK(status->diagnostics.size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "changes and what was left out of them are told to who listens")
{
    Subscriber subscriber{loop, address};
    REQUIRE(subscriber.is_watching);
    daemon.service->processes_changed({test::compiler(), test::hostile()}, 7);
    REQUIRE(loop.run_until([&] { return subscriber.watcher.rows.size() == 2; }));
    CHECK(subscriber.watcher.left_out_rows == 7);
    const ProcessView& first = subscriber.watcher.rows[0];
    CHECK(first.key == test::compiler().key);
    CHECK(first.class_name == "build");
    CHECK(first.source == test::compiler().source);
    CHECK(first.settings == test::compiler().settings);
    CHECK(subscriber.watcher.rows[1].name == "foo) Z 1\\n\\x1b[31m\\xff\\xfe\\\\");
}

TEST_CASE_FIXTURE(Fixture, "a reload is told with its generation, rules and diagnostics")
{
    Subscriber subscriber{loop, address};
    daemon.service->policy_reloaded(4, inspection.report);
    daemon.service->policy_reloaded(4, test::refused_report());
    REQUIRE(loop.run_until([&] { return subscriber.watcher.news.size() == 2; }));
    CHECK(subscriber.watcher.news[0].is_accepted);
    CHECK(subscriber.watcher.news[0].generation == 4);
    CHECK(subscriber.watcher.news[0].policy.rules == 513);
    CHECK_FALSE(subscriber.watcher.news[1].is_accepted);
    CHECK(subscriber.watcher.news[1].policy.diagnostics.size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "a reload announces the properties that it changes")
{
    auto connection = expect(Connection::open(address));
    std::vector<std::string> changed;
    std::vector<std::string> invalidated;
    const auto match = compat::add_match(
        connection.native(), "type='signal',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'",
        [&](auto&& message) {
            std::string interface;
            Dict values;
            message >> interface >> values >> invalidated;
            for (const auto& [name, value] : values)
                changed.push_back(name);
        });
    const auto attachment = expect(attach(connection, loop.native(), {.on_lost = [](const Error&) {}}));
    daemon.service->policy_reloaded(4, inspection.report);
    REQUIRE(loop.run_until([&] { return !changed.empty(); }));
    CHECK(changed == std::vector<std::string>{"Classes", "Engines", "Generation", "PolicyFiles", "Rules"});
    CHECK(invalidated == std::vector<std::string>{"Diagnostics"});
}

TEST_CASE_FIXTURE(Fixture, "signals that somebody else sends in the daemon's name are not believed")
{
    Subscriber subscriber{loop, address};
    auto other = expect(Connection::open(address));
    FakeInspection nothing;
    test::FakeControl no_control;
    test::FakeLearning no_learning;
    test::FakeOverlays no_overlays;
    RecordingSessions unheard;
    Sessions no_sessions{other, unheard};
    const auto forger =
        expect(Service::create(other, nothing, no_control, no_learning, no_overlays, no_sessions, kNobodyHere));
    const auto attachment = expect(attach(other, loop.native(), {.on_lost = [](const Error&) {}}));
    forger->processes_changed({test::hostile()}, 0);
    // Sent straight to the subscriber, past the bus's own check of the sender.
    const std::string target = subscriber.client.connection().native().getUniqueName();
    const auto sent =
        run({"dbus-send", "--bus=" + bus.address(), "--type=signal", "--dest=" + target, kObjectPath,
             "org.priorityd1.Manager.PolicyReloaded", "uint32:9", "boolean:true", "uint32:0", "array:string:"});
    REQUIRE(sent.status == 0);
    daemon.service->processes_changed({test::compiler()}, 0);
    REQUIRE(loop.run_until([&] { return !subscriber.watcher.rows.empty(); }));
    CHECK(subscriber.watcher.rows.size() == 1);
    CHECK(subscriber.watcher.rows[0].name == "cc1plus");
    CHECK(subscriber.watcher.news.empty());
}

TEST_CASE("who listens is told that the daemon has gone and that it is back")
{
    test::PrivateBus bus;
    Loop loop;
    const Address address{Address::Kind::other, bus.address()};
    auto daemon = std::make_unique<Daemon>(loop, address);
    Subscriber subscriber{loop, address};
    daemon.reset();
    REQUIRE(loop.run_until([&] { return subscriber.watcher.said == "vanished "; }));
    daemon = std::make_unique<Daemon>(loop, address);
    REQUIRE(loop.run_until([&] { return subscriber.watcher.said == "vanished returned "; }));
    daemon->service->processes_changed({test::compiler()}, 0);
    CHECK(loop.run_until([&] { return subscriber.watcher.rows.size() == 1; }));
}

TEST_CASE_FIXTURE(Fixture, "a second priorityd is told that another one is running")
{
    auto second = expect(Connection::open(address));
    const auto named = second.request_name(kBusName);
    REQUIRE_FALSE(named);
    CHECK(contains(named.error().message(), "another one is running"));
}

TEST_CASE_FIXTURE(Fixture, "a lost bus is told once, and nothing that comes after does harm")
{
    bus.end();
    REQUIRE(loop.run_until([&] { return daemon.losses > 0; }));
    daemon.service->processes_changed({test::compiler()}, 0);
    daemon.service->policy_reloaded(9, inspection.report);
    CHECK_FALSE(daemon.connection.wait());
    CHECK_FALSE(daemon.connection.process());
    CHECK(daemon.losses == 1);
    CHECK(daemon.loss.code != 0);
}

TEST_CASE("who is told of a lost bus may give up attachment and connection at once")
{
    test::PrivateBus bus;
    Loop loop;
    auto connection = std::make_unique<Connection>(expect(Connection::open({Address::Kind::other, bus.address()})));
    std::optional<Attachment> attachment;
    bool is_lost = false;
    attachment.emplace(expect(attach(*connection, loop.native(), {.on_lost = [&](const Error&) {
        is_lost = true;
        attachment.reset();
        connection.reset();
    }})));
    bus.end();
    CHECK(loop.run_until([&] { return is_lost; }));
}

TEST_CASE_FIXTURE(Fixture, "with nothing to do the loop does not wake")
{
    REQUIRE(ask([](ManagerClient& client) { return client.process(Pid{4242}); }));
    // Whatever is still to be said of the client that has just left.
    while (sd_event_run(loop.native(), 0) > 0) {
    }
    constexpr std::uint64_t kLongUsec = 200'000;
    CHECK(sd_event_run(loop.native(), kLongUsec) == 0);
}

TEST_CASE("without a daemon, and without a bus, a client says that there is no daemon")
{
    test::PrivateBus bus;
    const Address address{Address::Kind::other, bus.address()};
    auto client = ManagerClient::connect(address);
    REQUIRE(client);
    CHECK(client->status().error().kind == Kind::no_daemon);
    CHECK(client->processes({}).error().kind == Kind::no_daemon);
    RecordingWatcher watcher;
    CHECK(client->watch(watcher).error().kind == Kind::no_daemon);
    bus.end();
    CHECK(client->status().error().kind == Kind::no_daemon);
    CHECK(ManagerClient::connect(address).error().kind == Kind::no_daemon);
    CHECK(ManagerClient::connect({Address::Kind::other, "nonsense:"}).error().kind == Kind::no_daemon);
}

TEST_CASE("addresses are system, session or what has a transport")
{
    CHECK(parse_address("system") == Address{Address::Kind::system, ""});
    CHECK(parse_address("session") == Address{Address::Kind::session, ""});
    CHECK(parse_address("unix:path=/run/x") == Address{Address::Kind::other, "unix:path=/run/x"});
    for (const char* wrong : {"", "sytem", "/run/x", ":", ":path=/x"})
        CHECK_FALSE(parse_address(wrong));
}
