// SPDX-License-Identifier: GPL-3.0-or-later
/// Who may change what: the way of a request through identity, plan and polkit to the Control, on a real bus.
#include "bus/requests.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "bus/marshal.hpp"
#include "peers.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using namespace priorityd::test;
using Kind = ClientError::Kind;
using Says = FakePolkit::Says;

namespace {

OverrideRequest for_firefox()
{
    return {.target = PatternTarget{.key = MatchKey::name, .glob = "firefox*"},
            .settings = settings({{"nice", RawValue{5}}})};
}

struct OverrideFixture : StrangerFixture {
    FakeControl& control = daemon.control;

    ClientResult<std::string> add_as_stranger()
    {
        return ask_as_stranger([](ManagerClient& client) { return client.add_override(for_firefox()); });
    }
    /// Of a stranger whom polkit is told what to say of.
    std::string refusal_when(Says says)
    {
        with_polkit(says);
        const auto answer = add_as_stranger();
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == Kind::not_authorised);
        CHECK(control.added.empty());
        return answer.error().text;
    }
    /// The subscriptions that the bus keeps for a connection; empty where this bus does not tell.
    std::optional<std::vector<std::string>> subscriptions(const Connection& of)
    {
        const std::string name = of.native().getUniqueName();
        return loop.serve([&]() -> std::optional<std::vector<std::string>> {
            try {
                const auto connection = expect(Connection::open(address));
                std::map<std::string, std::vector<std::string>> all;
                compat::make_proxy(connection.native(), kDriverName, kDriverPath)
                    ->callMethod("GetAllMatchRules")
                    .onInterface("org.freedesktop.DBus.Debug.Stats")
                    .storeResultsTo(all);
                return all[name];
            } catch (const sdbus::Error&) {
                return std::nullopt;
            }
        });
    }
    void check_subscriptions(std::size_t count)
    {
        if (const auto found = subscriptions(daemon.connection))
            CHECK(found->size() == count);
        else
            MESSAGE("this dbus-daemon does not tell its match rules");
    }
};

bool is_one(const std::vector<std::string>& texts, const std::string& text)
{
    return texts == std::vector<std::string>{text};
}

}  // namespace

TEST_CASE_FIXTURE(OverrideFixture, "an override goes to the Control as it was sent, and its id comes back")
{
    with_polkit(Says::yes);
    OverrideRequest request = for_firefox();
    request.lifetime = std::chrono::minutes{5};
    request.reason = "quiet please";
    const auto id = ask_as_stranger([&](ManagerClient& client) { return client.add_override(request); });
    REQUIRE(id);
    CHECK(*id == "1");
    REQUIRE(control.added.size() == 1);
    const OverridePlan& plan = control.added[0];
    CHECK(std::get<PatternTarget>(plan.draft.target) == PatternTarget{MatchKey::name, "firefox*"});
    CHECK(plan.draft.settings == request.settings);
    CHECK(plan.draft.owner == stranger_uid());
    CHECK(plan.draft.reason == "quiet please");
    CHECK(plan.lifetime == std::chrono::minutes{5});
}

TEST_CASE_FIXTURE(OverrideFixture, "what is kept is listed, for everybody and without asking polkit")
{
    daemon.control.kept.push_back({.kept = {.id = "7",
                                            .target = compiler().key,
                                            .settings = settings({{"class", RawValue{"build"}}}),
                                            .owner = Uid{0},
                                            .ends = {},
                                            .connection = {},
                                            .reason = "a\x1b[2J",
                                            .created = {}},
                                   .remaining = std::chrono::microseconds{9},
                                   .processes = 1});
    const auto rows = ask_as_stranger([](ManagerClient& client) { return client.overrides(); });
    REQUIRE(rows);
    REQUIRE(rows->size() == 1);
    CHECK(rows->front().kept.id == "7");
    CHECK(std::get<ProcessKey>(rows->front().kept.target) == compiler().key);
    CHECK(rows->front().kept.reason == "a\\x1b[2J");
    CHECK(rows->front().remaining == std::chrono::microseconds{9});
}

TEST_CASE_FIXTURE(OverrideFixture, "an override is removed by its id")
{
    with_polkit(Says::yes);
    REQUIRE(add_as_stranger());
    REQUIRE(ask_as_stranger([](ManagerClient& client) { return client.remove_override("1"); }));
    CHECK(is_one(control.removed, "1"));
    CHECK(control.kept.empty());
    const auto again = ask_as_stranger([](ManagerClient& client) { return client.remove_override("1"); });
    REQUIRE_FALSE(again);
    CHECK(again.error().kind == Kind::no_such_override);
    CHECK(control.removed.size() == 1);
}

TEST_CASE_FIXTURE(OverrideFixture,
                  "polkit is asked about the caller's connection, and for no dialog unless that is allowed")
{
    with_polkit(Says::yes);
    Peer caller{loop, address, stranger};
    caller.add_override();
    caller.add_override({}, true);
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 2; }));
    REQUIRE(polkit->questions.size() == 2);
    const FakePolkit::Question& first = polkit->questions[0];
    CHECK(first.kind == "system-bus-name");
    CHECK(first.name == caller.name());
    CHECK(first.action == "org.priorityd1.lower-own");
    CHECK(first.flags == 0);
    CHECK(polkit->questions[1].flags == 1);
}

TEST_CASE_FIXTURE(OverrideFixture, "the client lets a person be asked, for everything that may take it")
{
    with_polkit(Says::yes);
    const auto answers = ask_as_stranger([](ManagerClient& client) {
        const bool is_added = client.add_override(for_firefox()).has_value();
        const bool is_removed = client.remove_override("1").has_value();
        const bool has_rules = client.use_user_rules({{"10-mine.toml", ""}}).has_value();
        return is_added && is_removed && has_rules && client.reload().has_value();
    });
    CHECK(answers);
    REQUIRE(polkit->questions.size() == 4);
    CHECK(std::ranges::all_of(polkit->questions, [](const auto& question) { return question.flags == 1; }));
    CHECK(polkit->questions.back().action == "org.priorityd1.reload");
}

TEST_CASE_FIXTURE(OverrideFixture, "every privilege has its action")
{
    using enum Privilege;
    with_polkit(Says::yes);
    control.needs = {inspect, lower_own, raise_own, modify_any, persist, reload, switch_profile};
    REQUIRE(add_as_stranger());
    std::string asked;
    for (const auto& question : polkit->questions)
        asked += question.action.substr(std::string{"org.priorityd1."}.size()) + " ";
    CHECK(asked == "inspect lower-own raise-own modify-any persist reload switch-profile ");
}

TEST_CASE_FIXTURE(OverrideFixture, "the first no of several ends it, and nothing is changed")
{
    with_polkit(Says::yes).refused_action = "org.priorityd1.modify-any";
    control.needs = {Privilege::raise_own, Privilege::modify_any, Privilege::persist};
    const auto answer = add_as_stranger();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Kind::not_authorised);
    CHECK(contains(answer.error().text, "org.priorityd1.modify-any"));
    CHECK(polkit->questions.size() == 2);
    CHECK(control.added.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "what takes nothing is done without asking")
{
    with_polkit(Says::no);
    control.needs = {};
    CHECK(add_as_stranger());
    CHECK(polkit->questions.empty());
}

TEST_CASE("the user that the daemon runs as is not asked about")
{
    PrivateBus bus;
    Loop loop;
    const Address address{Address::Kind::other, bus.address()};
    const As user = ::geteuid() == 0 ? As::nobody : As::self;
    Daemon daemon{loop, address, Uid{user == As::nobody ? kNobody : ::geteuid()}};
    FakePolkit polkit{loop, address};
    polkit.says = Says::no;
    Peer caller{loop, address, user};
    caller.add_override();
    caller.call("Reload");
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 2; }));
    CHECK(daemon.control.added.size() == 1);
    CHECK(daemon.inspection.reloads == 1);
    CHECK(polkit.questions.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "a no of polkit is NotAuthorized with the way out")
{
    CHECK(refusal_when(Says::no) == "you are not allowed to lower own processes (org.priorityd1.lower-own): try sudo");
}

TEST_CASE_FIXTURE(OverrideFixture, "where a password would do, a caller who lets nobody be asked is told so")
{
    with_polkit(Says::password);
    Peer caller{loop, address, stranger};
    caller.add_override();
    REQUIRE(loop.run_until([&] { return !caller.answers.empty(); }));
    CHECK(caller.answers[0].error == "org.priorityd1.Error.NotAuthorized");
    CHECK(contains(caller.answers[0].text, "it takes a password"));
    CHECK(control.added.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "without polkit on the bus the answer is no")
{
    const auto answer = add_as_stranger();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Kind::not_authorised);
    CHECK(contains(answer.error().text, "polkit cannot be asked"));
    CHECK(contains(answer.error().text, "only root may"));
    CHECK(control.added.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "an error of polkit is a no")
{
    CHECK(contains(refusal_when(Says::error), "polkit cannot be asked (no mood)"));
}

TEST_CASE_FIXTURE(OverrideFixture, "a malformed answer of polkit is a no")
{
    CHECK(contains(refusal_when(Says::nonsense), "polkit cannot be asked"));
}

TEST_CASE_FIXTURE(OverrideFixture, "a polkit that does not answer is a no when patience ends")
{
    with_polkit(Says::nothing);
    auto connection = expect(Connection::open(address));
    const auto attachment = expect(attach(connection, loop.native(), {.on_lost = [](const Error&) {}}));
    const auto short_patience = std::chrono::milliseconds{1};
    std::vector<Verdict<void>> verdicts;
    priorityd::bus::Polkit asking{connection.native(), {.alone = short_patience, .with_people = short_patience}};
    for (const auto interaction : {Interaction::forbidden, Interaction::allowed})
        asking.ask({":1.1", interaction, {Privilege::persist, Privilege::reload}},
                   [&](const Verdict<void>& verdict) { verdicts.push_back(verdict); });
    REQUIRE(loop.run_until([&] { return verdicts.size() == 2; }));
    for (const auto& verdict : verdicts) {
        REQUIRE_FALSE(verdict);
        CHECK(verdict.error().kind == Refusal::Kind::not_authorised);
        CHECK(contains(verdict.error().text, "org.priorityd1.persist"));
        CHECK(contains(verdict.error().text, "polkit cannot be asked"));
    }
    REQUIRE(loop.run_until([&] { return polkit->cancelled.size() == 2; }));
    CHECK(polkit->questions[0].cancellation != polkit->questions[1].cancellation);
    for (const FakePolkit::Question& question : polkit->questions)
        CHECK(std::ranges::count(polkit->cancelled, question.cancellation) == 1);
    polkit->answer_late(Says::yes);
    settle(polkit->peer);
    CHECK(verdicts.size() == 2);
}

TEST_CASE_FIXTURE(OverrideFixture, "a question to polkit that is withdrawn ends with a no, and a late yes is ignored")
{
    with_polkit(Says::nothing);
    auto connection = expect(Connection::open(address));
    const auto attachment = expect(attach(connection, loop.native(), {.on_lost = [](const Error&) {}}));
    priorityd::bus::Polkit asking{connection.native()};
    std::vector<Verdict<void>> verdicts;
    const auto ticket = asking.ask({":1.1", Interaction::allowed, {Privilege::persist}},
                                   [&](const Verdict<void>& verdict) { verdicts.push_back(verdict); });
    REQUIRE(loop.run_until([&] { return !polkit->questions.empty(); }));
    asking.withdraw(ticket);
    asking.withdraw(ticket);
    asking.withdraw(ticket + 1);
    REQUIRE(verdicts.size() == 1);
    REQUIRE_FALSE(verdicts[0]);
    CHECK(contains(verdicts[0].error().text, "org.priorityd1.persist"));
    REQUIRE(loop.run_until([&] { return !polkit->cancelled.empty(); }));
    polkit->answer_late(Says::yes);
    // Somebody else's question takes the same way, and is through only after the answer before it.
    polkit->says = Says::yes;
    asking.ask({":1.1", Interaction::allowed, {Privilege::reload}},
               [&](const Verdict<void>& verdict) { verdicts.push_back(verdict); });
    REQUIRE(loop.run_until([&] { return verdicts.size() == 2; }));
    CHECK(verdicts[1]);
    CHECK(is_one(polkit->cancelled, polkit->questions[0].cancellation));
}

TEST_CASE_FIXTURE(OverrideFixture, "a polkit that ends before it answers is a no")
{
    with_polkit(Says::nothing);
    Peer caller{loop, address, stranger};
    caller.add_override();
    REQUIRE(loop.run_until([&] { return !polkit->questions.empty(); }));
    polkit.reset();
    REQUIRE(loop.run_until([&] { return !caller.answers.empty(); }));
    CHECK(caller.answers[0].error == "org.priorityd1.Error.NotAuthorized");
    CHECK(control.added.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "while polkit thinks nothing is changed and others are served")
{
    with_polkit(Says::nothing);
    Peer caller{loop, address, stranger};
    caller.add_override();
    REQUIRE(loop.run_until([&] { return !polkit->questions.empty(); }));
    CHECK(ask([](ManagerClient& client) { return client.process(Pid{4242}); }));
    CHECK(control.added.empty());
    CHECK(caller.answers.empty());
    polkit->answer_late(Says::yes);
    REQUIRE(loop.run_until([&] { return !caller.answers.empty(); }));
    CHECK(caller.answers[0].error.empty());
    CHECK(control.added.size() == 1);
}

TEST_CASE_FIXTURE(OverrideFixture, "for a caller who leaves while polkit thinks nothing is changed")
{
    with_polkit(Says::nothing);
    {
        Peer caller{loop, address, stranger};
        caller.add_override();
        caller.call("Reload");
        REQUIRE(loop.run_until([&] { return polkit->questions.size() == 2; }));
    }
    polkit->answer_late(Says::yes);
    settle(polkit->peer);
    CHECK(control.requests.size() == 1);
    CHECK(control.added.empty());
    CHECK(inspection.reloads == 0);
}

TEST_CASE_FIXTURE(OverrideFixture, "a dialog is closed when the caller leaves, and takes nobody's place any more")
{
    with_polkit(Says::nothing);
    {
        Peer caller{loop, address, stranger};
        for (int i = 0; i < 16; ++i)
            caller.add_override({}, true);
        REQUIRE(loop.run_until([&] { return polkit->questions.size() == 16; }));
    }
    REQUIRE(loop.run_until([&] { return polkit->cancelled.size() == 16; }));
    check_subscriptions(0);
    polkit->answer_late(Says::yes);
    polkit->says = Says::yes;
    CHECK(add_as_stranger());
    CHECK(control.added.size() == 1);
    CHECK(polkit->cancelled.size() == 16);
}

TEST_CASE_FIXTURE(OverrideFixture, "a question that is answered is not cancelled, and its caller no longer watched")
{
    with_polkit(Says::yes);
    REQUIRE(add_as_stranger());
    polkit->says = Says::no;
    CHECK_FALSE(add_as_stranger());
    settle(polkit->peer);
    CHECK(polkit->cancelled.empty());
    check_subscriptions(0);
}

TEST_CASE("where the bus does not let a caller be watched, a person is asked all the same")
{
    PrivateBus bus{R"(<limit name="max_match_rules_per_connection">0</limit>)"};
    Loop loop;
    const Address address{Address::Kind::other, bus.address()};
    Daemon daemon{loop, address};
    FakePolkit polkit{loop, address};
    polkit.says = Says::nothing;
    Peer caller{loop, address, ::geteuid() == 0 ? As::nobody : As::self};
    caller.add_override({}, true);
    REQUIRE(loop.run_until([&] { return !polkit.questions.empty(); }));
    Peer other{loop, address};
    other.call("ListOverrides");
    REQUIRE(loop.run_until([&] { return !other.answers.empty(); }));
    CHECK(polkit.cancelled.empty());
    polkit.answer_late(Says::yes);
    REQUIRE(loop.run_until([&] { return !caller.answers.empty(); }));
    CHECK(caller.answers[0].error.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "a caller who leaves before it is known who it was gets nothing done")
{
    with_polkit(Says::yes);
    // The daemon stands still meanwhile: nobody drives the loop.
    Peer{loop, address, stranger}.add_override();
    settle(polkit->peer);
    CHECK(control.requests.empty());
    CHECK(control.added.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "one user can have 16 calls waiting for polkit, and others still get through")
{
    with_polkit(Says::nothing);
    Peer caller{loop, address, stranger};
    for (int i = 0; i < 20; ++i)
        caller.add_override({}, true);
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 4 && polkit->questions.size() == 16; }));
    CHECK(caller.answers[0].error == "org.priorityd1.Error.LimitReached");
    polkit->answer_late(Says::no);
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 20; }));
    polkit->says = Says::yes;
    caller.add_override();
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 21; }));
    CHECK(caller.answers.back().error.empty());
}

TEST_CASE_FIXTURE(OverrideFixture,
                  "who sends more than 32 calls at once is refused the rest, and gets on once they are answered")
{
    constexpr std::size_t kAtOnce = 40;
    with_polkit(Says::yes);
    control.needs = {};
    Peer caller{loop, address, stranger};
    for (std::size_t i = 0; i < kAtOnce; ++i)
        caller.add_override();
    // When the bus has answered this it has passed on all those, so what it tells the daemon comes after them.
    REQUIRE(sd_bus_call_method(caller.native(), kDriverName, kDriverPath, kDriverName, "GetId", nullptr, nullptr, "") >=
            0);
    REQUIRE(loop.run_until([&] { return caller.answers.size() == kAtOnce; }));
    const auto refused = std::ranges::count(caller.answers, "org.priorityd1.Error.LimitReached", &Peer::Answer::error);
    CHECK(refused == 8);
    CHECK(control.added.size() == 32);
    caller.add_override();
    REQUIRE(loop.run_until([&] { return caller.answers.size() == kAtOnce + 1; }));
    CHECK(caller.answers.back().error.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "each kind of no has the name that the contract gives it")
{
    const std::vector<std::pair<Refusal::Kind, std::string>> names{
        {Refusal::Kind::no_such_process, "org.priorityd1.Error.NoSuchProcess"},
        {Refusal::Kind::no_such_override, "org.priorityd1.Error.NoSuchOverride"},
        {Refusal::Kind::unknown_class, "org.priorityd1.Error.UnknownClass"},
        {Refusal::Kind::invalid_setting, "org.priorityd1.Error.InvalidSetting"},
        {Refusal::Kind::not_authorised, "org.priorityd1.Error.NotAuthorized"},
        {Refusal::Kind::invalid_rules, "org.priorityd1.Error.InvalidRules"},
        {Refusal::Kind::limit_reached, "org.priorityd1.Error.LimitReached"},
        {Refusal::Kind::failed, "org.freedesktop.DBus.Error.Failed"},
    };
    Peer caller{loop, address, stranger};
    for (const auto& entry : names) {
        control.no_plan = Refusal{entry.first, "because\n" + entry.second};
        caller.add_override();
        caller.call("RemoveOverride", "1");
    }
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 2 * names.size(); }));
    for (const Peer::Answer& answer : caller.answers)
        CHECK(answer.text == "because\\n" + answer.error);
    CHECK(control.added.empty());
    CHECK(control.removed.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "a plan that cannot be carried out is answered with what went wrong")
{
    with_polkit(Says::yes);
    control.failure = Refusal{Refusal::Kind::failed, "write /var/lib/priorityd: no space left on device"};
    const auto answer = add_as_stranger();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Kind::failed);
    CHECK(contains(answer.error().text, "no space left"));
}

TEST_CASE_FIXTURE(OverrideFixture, "the answer comes when the Control gives it, however late")
{
    with_polkit(Says::yes);
    control.is_slow = true;
    Peer caller{loop, address, stranger};
    caller.add_override();
    REQUIRE(loop.run_until([&] { return !control.late.empty(); }));
    CHECK(caller.answers.empty());
    control.give_late_answers();
    REQUIRE(loop.run_until([&] { return !caller.answers.empty(); }));
    CHECK(caller.answers[0].text == "1");
}

TEST_CASE("an answer that comes when the bus is lost or the service gone does no harm")
{
    PrivateBus bus;
    Loop loop;
    const Address address{Address::Kind::other, bus.address()};
    auto daemon = std::make_unique<Daemon>(loop, address, Uid{::geteuid()});
    daemon->control.is_slow = true;
    Peer caller{loop, address};
    caller.add_override();
    caller.add_override({"while_connected"});
    REQUIRE(loop.run_until([&] { return daemon->control.late.size() == 2; }));
    bus.end();
    REQUIRE(loop.run_until([&] { return daemon->losses > 0; }));
    auto late = std::exchange(daemon->control.late, {});
    late[0].first(late[0].second);
    daemon.reset();
    late[1].first(late[1].second);
    CHECK(caller.answers.size() <= 2);
}

TEST_CASE_FIXTURE(OverrideFixture, "what AddOverride does not take reaches neither Control nor polkit")
{
    with_polkit(Says::yes);
    const Dict firefox{{"name", sdbus::Variant(std::string{"firefox*"})}};
    const Dict nice{{"nice", sdbus::Variant(std::int32_t{5})}};
    const Dict too_nice{{"nice", sdbus::Variant(std::int32_t{20})}};
    const Dict pid_0{{"pid", sdbus::Variant(std::uint32_t{0})}};
    CHECK(error_of("AddOverride", Dict{}, nice, Dict{}).first == "org.priorityd1.Error.InvalidSetting");
    CHECK(error_of("AddOverride", firefox, too_nice, Dict{}).first == "org.priorityd1.Error.InvalidSetting");
    CHECK(error_of("AddOverride", firefox, nice, nice).first == "org.priorityd1.Error.InvalidSetting");
    CHECK(error_of("AddOverride", pid_0, nice, Dict{}).first == "org.priorityd1.Error.NoSuchProcess");
    CHECK(control.requests.empty());
    CHECK(polkit->questions.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "calls with other signatures are refused, and the service goes on")
{
    const Dict nice{{"nice", sdbus::Variant(std::int32_t{5})}};
    const std::vector<std::string> names{"a"};
    CHECK(error_of("AddOverride", nice, nice).first == "org.freedesktop.DBus.Error.InvalidArgs");
    CHECK(error_of("AddOverride", std::string{"firefox"}).first == "org.freedesktop.DBus.Error.InvalidArgs");
    CHECK(error_of("RemoveOverride", std::uint32_t{1}).first == "org.freedesktop.DBus.Error.InvalidArgs");
    CHECK(error_of("SetUserRules", names).first == "org.freedesktop.DBus.Error.InvalidArgs");
    CHECK(error_of("ListOverrides", names).first == "org.freedesktop.DBus.Error.InvalidArgs");
    CHECK(control.callers.empty());
    CHECK(ask([](ManagerClient& client) { return client.overrides(); }));
}

TEST_CASE_FIXTURE(OverrideFixture, "a class that is not known, and a process that is another one, are refused as such")
{
    const Dict firefox{{"name", sdbus::Variant(std::string{"firefox*"})}};
    const Dict bild{{"class", sdbus::Variant(std::string{"bild"})}};
    const Dict build{{"class", sdbus::Variant(std::string{"build"})}};
    const Dict reused{{"pid", sdbus::Variant(std::uint32_t{4242})}, {"start_time", sdbus::Variant(std::uint64_t{1})}};
    CHECK(error_of("AddOverride", firefox, bild, Dict{}).first == "org.priorityd1.Error.UnknownClass");
    CHECK(error_of("AddOverride", reused, build, Dict{}).first == "org.priorityd1.Error.NoSuchProcess");
    CHECK(control.added.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "an override that is tied to its caller ends when the caller leaves the bus")
{
    with_polkit(Says::yes);
    Peer caller{loop, address, stranger};
    const std::string name = caller.name();
    caller.add_override({"while_connected"});
    caller.add_override({"while_connected"});
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 2; }));
    REQUIRE(control.kept.size() == 2);
    CHECK(control.kept[0].kept.connection == name);
    check_subscriptions(1);
    CHECK(control.forgotten_callers.empty());
    caller.leave();
    REQUIRE(loop.run_until([&] { return !control.forgotten_callers.empty(); }));
    CHECK(is_one(control.forgotten_callers, name));
    CHECK(control.kept.empty());
    check_subscriptions(0);
}

TEST_CASE_FIXTURE(OverrideFixture, "callers are watched only while an override is tied to them")
{
    with_polkit(Says::yes);
    Peer caller{loop, address, stranger};
    caller.add_override();
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 1; }));
    check_subscriptions(0);
    caller.add_override({"while_connected"});
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 2; }));
    check_subscriptions(1);
    caller.call("RemoveOverride", "2");
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 3; }));
    check_subscriptions(0);
    control.failure = Refusal{Refusal::Kind::limit_reached, "1024 overrides"};
    caller.add_override({"while_connected"});
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 4; }));
    CHECK(caller.answers.back().error == "org.priorityd1.Error.LimitReached");
    check_subscriptions(0);
    caller.leave();
    settle(polkit->peer);
    CHECK(control.forgotten_callers.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "an override that is made after its caller has left is forgotten at once")
{
    with_polkit(Says::yes);
    control.is_slow = true;
    Peer caller{loop, address, stranger};
    caller.add_override({"while_connected"});
    REQUIRE(loop.run_until([&] { return control.late.size() == 1; }));
    caller.leave();
    REQUIRE(loop.run_until([&] { return control.forgotten_callers.size() == 1; }));
    control.give_late_answers();
    CHECK(control.forgotten_callers.size() == 2);
}

TEST_CASE_FIXTURE(OverrideFixture, "an override that is to be tied to a caller who has left is not made")
{
    with_polkit(Says::nothing);
    {
        Peer caller{loop, address, stranger};
        caller.add_override({"while_connected"});
        REQUIRE(loop.run_until([&] { return !polkit->questions.empty(); }));
    }
    polkit->answer_late(Says::yes);
    settle(polkit->peer);
    CHECK(control.added.empty());
    check_subscriptions(0);
}

TEST_CASE_FIXTURE(OverrideFixture, "a connection that has left before it was watched is not held, nor watched")
{
    auto connection = expect(Connection::open(address));
    const auto attachment = expect(attach(connection, loop.native(), {.on_lost = [](const Error&) {}}));
    Callers callers{connection.native()};
    Tethers tethers{callers, [](const std::string&) {}};
    const std::string gone = Peer{loop, address}.name();
    std::optional<bool> is_there;
    tethers.hold(gone, [&](bool answer) { is_there = answer; });
    REQUIRE(loop.run_until([&] { return is_there.has_value(); }));
    CHECK_FALSE(*is_there);
    Peer here{loop, address};
    tethers.hold(here.name(), [&](bool answer) { is_there = answer; });
    REQUIRE(loop.run_until([&] { return *is_there; }));
    if (const auto found = subscriptions(connection))
        CHECK(found->size() == 1);
}

TEST_CASE("an override is not tied to a caller whom the bus does not let be watched")
{
    PrivateBus bus{R"(<limit name="max_match_rules_per_connection">0</limit>)"};
    Loop loop;
    const Address address{Address::Kind::other, bus.address()};
    Daemon daemon{loop, address, Uid{::geteuid()}};
    Peer caller{loop, address};
    caller.add_override({"while_connected"});
    caller.add_override();
    REQUIRE(loop.run_until([&] { return caller.answers.size() == 2; }));
    CHECK(std::ranges::count(caller.answers, "org.freedesktop.DBus.Error.Failed", &Peer::Answer::error) == 1);
    REQUIRE(daemon.control.added.size() == 1);
    CHECK(daemon.control.added[0].draft.connection.empty());
    // Rules are handed over all the same: they go when they are taken back.
    CHECK(loop.serve([&] { return ManagerClient::connect(address)->use_user_rules({{"a", ""}}); }));
    CHECK(daemon.control.rule_users.size() == 1);
}

TEST_CASE_FIXTURE(OverrideFixture, "when the bus is lost, so is every caller that an override is tied to")
{
    with_polkit(Says::yes);
    Peer caller{loop, address, stranger};
    Peer other{loop, address, stranger};
    caller.add_override({"while_connected"});
    other.add_override({"while_connected"});
    other.add_override();
    REQUIRE(loop.run_until([&] { return control.kept.size() == 3; }));
    bus.end();
    REQUIRE(loop.run_until([&] { return daemon.losses > 0; }));
    daemon.service->lose_everybody();
    CHECK(control.forgotten_callers.size() == 2);
    CHECK(control.kept.size() == 1);
}

TEST_CASE_FIXTURE(OverrideFixture, "overrides that come and go are told to who listens")
{
    with_polkit(Says::yes);
    Subscriber subscriber{loop, address};
    REQUIRE(add_as_stranger());
    REQUIRE(ask_as_stranger([](ManagerClient& client) { return client.remove_override("1"); }));
    REQUIRE(loop.run_until([&] { return !subscriber.watcher.removed_overrides.empty(); }));
    CHECK(is_one(subscriber.watcher.added_overrides, "1"));
    CHECK(is_one(subscriber.watcher.removed_overrides, "1"));
}

TEST_CASE_FIXTURE(OverrideFixture, "rules of a user reach the Control with names and texts, and are answered")
{
    with_polkit(Says::yes);
    const FakeControl::Files files{{"10-mine.toml", "[programs]\nx = \"build\"\n"}, {"20-b.toml", ""}};
    const auto answer = ask_as_stranger([&](ManagerClient& client) { return client.use_user_rules(files); });
    REQUIRE(answer);
    CHECK(answer->rules == 2);
    CHECK(is_one(answer->diagnostics, "10-mine.toml:2:1: warning: is of no use"));
    REQUIRE(control.rules.size() == 1);
    CHECK(control.rules[0] == files);
    CHECK(control.rule_users == std::vector<Uid>{stranger_uid()});
}

TEST_CASE_FIXTURE(OverrideFixture, "what D-Bus cannot carry whole is not sent at all")
{
    for (const std::string& text : {std::string{"# caf\xe9"}, std::string{"a = 1\0b = 2", 11}}) {
        const auto answer = ask([&](ManagerClient& client) { return client.use_user_rules({{"10-mine.toml", text}}); });
        REQUIRE_FALSE(answer);
        CHECK(answer.error().text == "10-mine.toml: cannot be sent, D-Bus takes UTF-8 without NUL only");
    }
    OverrideRequest request = for_firefox();
    request.target = PatternTarget{.key = MatchKey::exe, .glob = "/opt/caf\xe9"};
    request.reason = "caf\xe9";
    CHECK(ask([&](ManagerClient& client) { return client.add_override(request); }).error().text ==
          "the pattern: cannot be sent, D-Bus takes UTF-8 without NUL only");
    CHECK(control.callers.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "rules that are refused, or not allowed, are not used")
{
    with_polkit(Says::no);
    const auto nonsense = ask_as_stranger([](ManagerClient& client) {
        return client.use_user_rules({{"a", "nonsense"}});
    });
    REQUIRE_FALSE(nonsense);
    CHECK(nonsense.error().kind == Kind::refused_rules);
    CHECK(contains(nonsense.error().text, "a:1:1: error"));
    const auto denied = ask_as_stranger([](ManagerClient& client) { return client.use_user_rules({{"a", ""}}); });
    REQUIRE_FALSE(denied);
    CHECK(denied.error().kind == Kind::not_authorised);
    CHECK(control.rule_users.empty());
    check_subscriptions(0);
}

TEST_CASE_FIXTURE(OverrideFixture, "a user's rules go with the user's last session, as the login manager tells it")
{
    with_polkit(Says::yes);
    Peer login_manager{loop, address};
    login_manager.own("org.freedesktop.login1");
    REQUIRE(ask_as_stranger([](ManagerClient& client) { return client.use_user_rules({{"a", ""}}); }));
    check_subscriptions(1);
    tell_of_logout(login_manager, Uid{raw(stranger_uid()) + 1});
    settle(login_manager);
    CHECK(control.forgotten_users.empty());
    tell_of_logout(login_manager, stranger_uid());
    REQUIRE(loop.run_until([&] { return !control.forgotten_users.empty(); }));
    CHECK(control.forgotten_users == std::vector<Uid>{stranger_uid()});
    check_subscriptions(0);
}

TEST_CASE_FIXTURE(OverrideFixture, "nobody but the login manager can have a user's rules forgotten")
{
    with_polkit(Says::yes);
    Peer login_manager{loop, address};
    login_manager.own("org.freedesktop.login1");
    REQUIRE(ask_as_stranger([](ManagerClient& client) { return client.use_user_rules({{"a", ""}}); }));
    Peer impostor{loop, address, stranger};
    const std::string daemon_name = daemon.connection.native().getUniqueName();
    tell_of_logout(impostor, stranger_uid());
    tell_of_logout(impostor, stranger_uid(), daemon_name.c_str());
    settle(impostor);
    CHECK(control.forgotten_users.empty());
}

TEST_CASE_FIXTURE(OverrideFixture, "the login manager is listened to only while somebody's rules are in force")
{
    with_polkit(Says::yes);
    check_subscriptions(0);
    REQUIRE(ask_as_stranger([](ManagerClient& client) { return client.use_user_rules({{"a", ""}}); }));
    REQUIRE(ask_as_stranger([](ManagerClient& client) { return client.use_user_rules({{"b", ""}}); }));
    check_subscriptions(1);
    REQUIRE(ask_as_stranger([](ManagerClient& client) { return client.use_user_rules({}); }));
    check_subscriptions(0);
    CHECK(control.forgotten_users.empty());
}
