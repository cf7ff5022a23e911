// SPDX-License-Identifier: GPL-3.0-or-later
/// What people ask for, from the request to what processes get: the whole core, with ports played by values.
#include "core/steering.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "support/fake_world.hpp"

using namespace priorityd;
using namespace priorityd::test;
using namespace std::chrono_literals;

namespace {

constexpr auto* kRules = R"(
[class.build]
nice = 10
[class.media]
nice = -4
[class.studio]
nice = -8
sched = "rr/5"
[programs]
make = "build"
)";

const Caller kRoot{Uid{0}, ":1.1"};
const Caller kAlice{Uid{1000}, ":1.2"};
const Caller kBob{Uid{1001}, ":1.3"};

/// Keeps overrides as a disk would: the test says when it is done, and whether it works.
class FakeKeeper final : public OverrideKeeper {
public:
    void save(const Override& one, Done done) override
    {
        saved.push_back(one);
        waiting = std::move(done);
    }
    void remove(const std::string& id, Done done) override
    {
        removed.push_back(id);
        waiting = std::move(done);
    }
    void finish(const Result<void>& result = {}) { std::exchange(waiting, nullptr)(result); }

    std::vector<Override> saved;
    std::vector<std::string> removed;
    Done waiting;
};

class News final : public OverrideListener {
public:
    void overrides_changed(const std::vector<std::string>& more, const std::vector<std::string>& less) override
    {
        added.insert(added.end(), more.begin(), more.end());
        removed.insert(removed.end(), less.begin(), less.end());
    }
    std::vector<std::string> added;
    std::vector<std::string> removed;
};

SettingMap settings(std::initializer_list<std::pair<const char*, RawValue>> entries)
{
    SettingMap map;
    for (const auto& [name, raw_value] : entries)
        map.set(find_setting(name)->setting, parse_value(find_setting(name)->setting, raw_value).value());
    return map;
}

SettingMap niced(int value)
{
    return settings({{"nice", RawValue{value}}});
}

/// A daemon without a bus and a kernel.
struct House {
    explicit House(const std::string& rules = kRules)
        : pipeline{world_of(kernel), live_knobs(), layers_of(policy_of(rules, "autogroup = false"))},
          steering{{.pipeline = pipeline,
                    .source = kernel,
                    .keeper = keeper,
                    .accounts = accounts,
                    .clocks =
                        [this] {
                            return Clocks{now, std::chrono::sys_seconds{1000s}};
                        },
                    .request_scan = [this] { is_scan_wanted = true; },
                    .own_pid = Pid{999}}}
    {
        steering.add_listener(news);
    }

    void exec(int pid) { pipeline.handle({Event::Kind::exec, Pid{pid}, Tid{pid}, ""}, now); }
    void end(int pid)
    {
        kernel.kill(pid);
        pipeline.on_exit(Pid{pid}, now);
        steering.on_exit(Pid{pid});
    }
    void scan()
    {
        is_scan_wanted = false;
        pipeline.begin_scan();
        while (pipeline.continue_scan(3, now)) {
        }
    }
    void wait(std::chrono::seconds time)
    {
        now += time;
        steering.run_due(now);
    }
    [[nodiscard]] int nice_of(int pid) { return find_value<Nice>(kernel.at(pid).actual, Setting::nice)->value(); }
    [[nodiscard]] std::string sched_of(int pid) { return to_text(*kernel.at(pid).actual.find(Setting::sched)); }

    /// Both halves, with all that is needed allowed; the id, or what was said instead.
    std::string add(OverrideRequest request, const Caller& caller = kRoot)
    {
        auto plan = steering.plan_override(std::move(request), caller);
        if (!plan)
            return "refused: " + plan.error().text;
        answer.clear();
        steering.add_override(*std::move(plan), [this](const Verdict<std::string>& verdict) {
            answer = verdict ? *verdict : "refused: " + verdict.error().text;
        });
        if (is_scan_wanted)
            scan();
        return answer;
    }
    void remove(const std::string& id)
    {
        steering.remove_override(id, [](const Verdict<std::string>& verdict) { REQUIRE(verdict); });
    }

    FakeKernel kernel;
    FakeKeeper keeper;
    FakeAccounts accounts;
    News news;
    std::string answer;  ///< To the last override asked for; empty while it is awaited.
    Instant now{1h};
    bool is_scan_wanted = false;
    Pipeline pipeline;
    Steering steering;
};

OverrideRequest for_pid(int pid, SettingMap settings)
{
    return {.target = OverrideRequest::Process{Pid{pid}, {}}, .settings = std::move(settings)};
}

OverrideRequest for_name(const std::string& glob, SettingMap settings)
{
    return {.target = PatternTarget{MatchKey::name, glob}, .settings = std::move(settings)};
}

Privileges needed(House& house, OverrideRequest request, const Caller& caller)
{
    const auto plan = house.steering.plan_override(std::move(request), caller);
    REQUIRE(plan);
    return plan->needs;
}

Refusal::Kind refusal(House& house, OverrideRequest request, const Caller& caller = kRoot)
{
    const auto plan = house.steering.plan_override(std::move(request), caller);
    REQUIRE_FALSE(plan);
    CHECK_FALSE(plan.error().text.empty());
    return plan.error().kind;
}

}  // namespace

TEST_CASE("an override for a process holds over its rule, and ends with what the rule says then")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "make"});
    house.exec(42);
    const auto id = house.add(for_pid(42, niced(3)));
    CHECK(house.nice_of(42) == 3);
    house.exec(42);
    house.scan();
    CHECK(house.nice_of(42) == 3);
    house.remove(id);
    CHECK(house.nice_of(42) == 10);
    CHECK(house.news.added == std::vector<std::string>{id});
    CHECK(house.news.removed == std::vector<std::string>{id});
}

TEST_CASE("an override for a process that no rule knows ends with what it had before")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "nano"});
    const auto id = house.add(for_pid(42, settings({{"class", RawValue{"build"}}, {"io", RawValue{"idle"}}})));
    CHECK(house.nice_of(42) == 10);
    CHECK(house.pipeline.explain(Pid{42}, {})->process.class_name == "build");
    house.remove(id);
    CHECK(house.kernel.log.back() == "42 io=none");
    CHECK(house.nice_of(42) == 0);
    CHECK(house.pipeline.tracked() == 0);
}

TEST_CASE("an override for a name counts for those that are there and for those that come")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "nano"});
    house.kernel.add({.pid = 43, .comm = "vi"});
    const auto id = house.add(for_name("na*", niced(5)));
    house.kernel.add({.pid = 44, .comm = "nautilus"});
    house.exec(44);
    CHECK(house.nice_of(42) == 5);
    CHECK(house.nice_of(43) == 0);
    CHECK(house.nice_of(44) == 5);
    CHECK(house.steering.overrides().at(0).processes == 2);
    house.remove(id);
    CHECK(house.nice_of(42) == 0);
    CHECK(house.nice_of(44) == 0);
}

TEST_CASE("overrides go by exe and by unit too")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "x", .exe = "/opt/a/bin/x"});
    house.kernel.add({.pid = 43, .comm = "y", .cgroup = "/system.slice/y.service"});
    house.add({.target = PatternTarget{MatchKey::exe, "/opt/*"}, .settings = niced(6)});
    house.add({.target = PatternTarget{MatchKey::unit, "y.service"}, .settings = niced(7)});
    CHECK(house.nice_of(42) == 6);
    CHECK(house.nice_of(43) == 7);
}

TEST_CASE("an override with a time ends when the time is over, not before")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "make"});
    house.exec(42);
    auto request = for_pid(42, niced(3));
    request.lifetime = 10s;
    house.add(std::move(request));
    CHECK(house.steering.overrides().at(0).remaining == 10s);
    CHECK(house.steering.deadline() == house.now + 10s);
    house.wait(9s);
    CHECK(house.nice_of(42) == 3);
    house.wait(1s);
    CHECK(house.nice_of(42) == 10);
    CHECK(house.steering.overrides().empty());
    CHECK_FALSE(house.steering.deadline());
}

TEST_CASE("an override lasts as long as the connection that it was made on, where that was asked for")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "make"});
    auto request = for_pid(42, niced(3));
    request.is_while_connected = true;
    house.add(std::move(request));
    house.add(for_name("x", niced(3)));
    house.steering.forget_caller(":1.77");
    CHECK(house.steering.overrides().size() == 2);
    house.steering.forget_caller(kRoot.connection);
    CHECK(house.steering.overrides().size() == 1);
    CHECK(house.nice_of(42) == 10);
}

TEST_CASE("an override for a process ends with the process")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "make", .start_ticks = 5});
    house.add(for_pid(42, niced(3)));
    house.end(42);
    CHECK(house.steering.overrides().empty());
    house.kernel.add({.pid = 42, .comm = "make", .start_ticks = 6});
    house.exec(42);
    CHECK(house.nice_of(42) == 10);
}

TEST_CASE("what a process started under an override goes back with it")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "sh"});
    const auto id = house.add(for_pid(42, niced(7)));
    house.kernel.fork(42, 43);
    house.kernel.at(43).comm = "tar";
    house.exec(43);
    CHECK(house.nice_of(43) == 7);
    house.remove(id);
    CHECK(house.nice_of(42) == 0);
    CHECK(house.nice_of(43) == 0);
}

TEST_CASE("what a process has only forked under an override goes back with it")
{
    for (const int value : {7, -7}) {
        House house;
        house.kernel.add({.pid = 42, .comm = "sh"});
        const auto id = house.add(for_pid(42, niced(value)));
        house.kernel.fork(42, 43);
        CHECK(house.nice_of(43) == value);
        house.remove(id);
        CHECK(house.nice_of(42) == 0);
        REQUIRE(house.is_scan_wanted);
        house.scan();
        CHECK(house.nice_of(43) == 0);
        house.pipeline.restore(house.now);
        CHECK(house.nice_of(43) == 0);
    }
}

TEST_CASE("what a process has started under a lowering override follows it to the next one")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "sh"});
    house.add(for_pid(42, niced(7)));
    house.kernel.fork(42, 43).comm = "tar";
    house.kernel.fork(42, 44);
    house.exec(43);
    const auto later = house.add(for_pid(42, niced(12)));
    CHECK(house.nice_of(43) == 12);
    house.scan();
    CHECK(house.nice_of(44) == 12);
    house.remove(later);
    CHECK(house.nice_of(43) == 7);
    CHECK(house.nice_of(44) == 7);
}

TEST_CASE("what a process forked before somebody else set it is not left with what it had")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "sh"});
    house.add(for_pid(42, niced(-7)));
    house.kernel.fork(42, 43).comm = "tar";
    house.kernel.at(42).actual.set(Setting::nice, *Nice::make(3));
    house.scan();
    CHECK(house.nice_of(42) == 3);
    house.exec(43);
    CHECK(house.nice_of(43) == 0);
}

TEST_CASE("of two overrides the later one wins")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "nano"});
    house.add(for_pid(42, niced(3)));
    const auto later = house.add(for_name("nano", niced(4)));
    CHECK(house.nice_of(42) == 4);
    house.remove(later);
    CHECK(house.nice_of(42) == 3);
}

TEST_CASE("an override takes back what somebody else has set; one that was there before does not")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "make"});
    house.kernel.at(42).actual.set(Setting::nice, *Nice::make(15));
    house.exec(42);
    CHECK(house.nice_of(42) == 15);
    const auto id = house.add(for_name("make", niced(3)));
    CHECK(house.nice_of(42) == 3);
    house.kernel.add({.pid = 43, .comm = "make"});
    house.kernel.at(43).actual.set(Setting::nice, *Nice::make(15));
    house.exec(43);
    CHECK(house.nice_of(43) == 15);
    house.kernel.at(42).actual.set(Setting::nice, *Nice::make(1));
    house.scan();
    CHECK(house.nice_of(42) == 1);
    house.remove(id);
    CHECK(house.nice_of(42) == 1);
}

TEST_CASE("an override takes back what somebody else has set as far as the limits let it")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "game", .exe = "/home/a/game", .uid = 1000, .is_user_program = true});
    house.kernel.at(42).actual.set(Setting::nice, *Nice::make(3));
    house.add(for_pid(42, niced(-10)));
    CHECK(house.nice_of(42) == -5);
}

TEST_CASE("a permanent override is in force when it is on the disk, and only then")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "make"});
    house.exec(42);
    auto request = for_name("make", niced(3));
    request.is_permanent = true;
    CHECK(house.add(request) == "");
    CHECK(house.nice_of(42) == 10);
    CHECK(house.keeper.saved.at(0).id == "1");
    house.keeper.finish();
    CHECK(house.answer == "1");
    house.scan();
    CHECK(house.nice_of(42) == 3);

    CHECK(house.add(request) == "");
    house.keeper.finish(failure(ENOSPC, "write(2.toml)"));
    CHECK(house.answer.starts_with("refused: "));
    CHECK(house.steering.overrides().size() == 1);
}

TEST_CASE("a permanent override ends when it is off the disk, and stays where that fails")
{
    House house;
    auto one = Override{.id = "7",
                        .target = PatternTarget{MatchKey::name, "make"},
                        .settings = niced(3),
                        .is_for_everybody = true,
                        .is_permanent = true};
    house.steering.resume({one});
    CHECK(house.add(for_name("x", niced(3))) == "8");
    Verdict<std::string> answer;
    const auto note = [&](const Verdict<std::string>& verdict) { answer = verdict; };
    house.steering.remove_override("7", note);
    house.keeper.finish(failure(EROFS, "unlink(7.toml)"));
    CHECK(answer.error().kind == Refusal::Kind::failed);
    CHECK(house.steering.overrides().size() == 2);
    house.steering.remove_override("7", note);
    house.keeper.finish();
    CHECK(answer == "7");
    CHECK(house.steering.overrides().size() == 1);
}

TEST_CASE("what has to be allowed depends on whose processes, how much, and for how long")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "x", .uid = 1000});
    house.kernel.add({.pid = 43, .comm = "x", .uid = 1001});
    using enum Privilege;
    CHECK(needed(house, for_pid(42, niced(5)), kAlice) == Privileges{lower_own});
    CHECK(needed(house, for_pid(42, niced(-5)), kAlice) == Privileges{raise_own});
    CHECK(needed(house, for_pid(42, niced(-6)), kAlice) == Privileges{modify_any});
    CHECK(needed(house, for_pid(43, niced(5)), kAlice) == Privileges{modify_any});
    CHECK(needed(house, for_name("x", niced(5)), kAlice) == Privileges{lower_own});
    CHECK(needed(house, for_name("x", settings({{"class", RawValue{"media"}}})), kAlice) == Privileges{raise_own});
    CHECK(needed(house, for_name("x", settings({{"class", RawValue{"studio"}}})), kAlice) == Privileges{modify_any});
    CHECK(needed(house, for_name("x", settings({{"sched", RawValue{"fifo/1"}}})), kAlice) == Privileges{modify_any});
    CHECK(needed(house, for_name("x", settings({{"oom_score_adj", RawValue{-1}}})), kAlice) == Privileges{modify_any});
    CHECK(needed(house, for_name("x", settings({{"io", RawValue{"realtime/7"}}})), kAlice) == Privileges{modify_any});
    auto everybody = for_name("x", niced(5));
    everybody.is_for_everybody = true;
    CHECK(needed(house, everybody, kAlice) == Privileges{modify_any});
    auto permanent = for_name("x", niced(5));
    permanent.is_permanent = true;
    CHECK(needed(house, permanent, kAlice) == Privileges{lower_own, persist});
}

TEST_CASE("a user's override counts for the own processes alone, and root's for all")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "x", .uid = 1000});
    house.kernel.add({.pid = 43, .comm = "x", .uid = 1001});
    house.add(for_name("x", niced(5)), kAlice);
    CHECK(house.nice_of(42) == 5);
    CHECK(house.nice_of(43) == 0);
    house.add(for_name("x", niced(6)), kRoot);
    CHECK(house.nice_of(42) == 6);
    CHECK(house.nice_of(43) == 6);
}

TEST_CASE("a class that grows beyond what users may give is cut to it")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "x", .exe = "/usr/bin/x", .uid = 1000});
    house.add(for_name("x", settings({{"class", RawValue{"media"}}})), kAlice);
    CHECK(house.nice_of(42) == -4);
    CHECK(house.steering.use(policy_of("[class.media]\nnice = -15\nsched = \"rr/9\"\n")).empty());
    house.scan();
    CHECK(house.nice_of(42) == -5);
    CHECK(house.sched_of(42) == "other");
}

TEST_CASE("nobody is asked for removing an own override, and an administrator for another's")
{
    House house;
    const auto id = house.add(for_name("x", niced(5)), kAlice);
    CHECK(house.steering.plan_removal(id, kAlice) == Privileges{});
    CHECK(house.steering.plan_removal(id, kBob) == Privileges{Privilege::modify_any});
    CHECK(house.steering.plan_removal("77", kBob).error().kind == Refusal::Kind::no_such_override);
}

TEST_CASE("what cannot be overridden is refused with the reason")
{
    House house;
    using enum Refusal::Kind;
    house.kernel.add({.pid = 1, .comm = "init"});
    house.kernel.add({.pid = 2, .comm = "kthreadd", .is_kernel_thread = true});
    house.kernel.add({.pid = 3, .comm = "dead", .is_zombie = true});
    house.kernel.add({.pid = 5, .comm = "thread", .leader = 42});
    house.kernel.add({.pid = 999, .comm = "priorityd"});
    CHECK(refusal(house, for_pid(1, niced(5))) == invalid_setting);
    CHECK(refusal(house, for_pid(2, niced(5))) == invalid_setting);
    CHECK(refusal(house, for_pid(3, niced(5))) == no_such_process);
    CHECK(refusal(house, for_pid(4, niced(5))) == no_such_process);
    CHECK(refusal(house, for_pid(5, niced(5))) == no_such_process);
    CHECK_FALSE(house.pipeline.explain(Pid{5}, {}));
    CHECK(refusal(house, for_pid(999, niced(5))) == invalid_setting);
    CHECK(refusal(house, for_name("x", settings({{"class", RawValue{"medai"}}}))) == unknown_class);
    CHECK(house.add(for_name("x", settings({{"class", RawValue{"medai"}}}))).find("\"media\"") != std::string::npos);
}

TEST_CASE("a pid that was used again between request and action is not touched")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "x", .start_ticks = 5});
    auto late = for_pid(42, niced(5));
    late.target = OverrideRequest::Process{Pid{42}, 4};
    CHECK(refusal(house, late) == Refusal::Kind::no_such_process);

    auto plan = house.steering.plan_override(for_pid(42, niced(5)), kRoot);
    house.kernel.add({.pid = 42, .comm = "x", .start_ticks = 6});
    bool is_refused = false;
    house.steering.add_override(*std::move(plan), [&](const Verdict<std::string>& verdict) {
        is_refused = !verdict && verdict.error().kind == Refusal::Kind::no_such_process;
    });
    CHECK(is_refused);
    CHECK(house.nice_of(42) == 0);
    CHECK(house.steering.overrides().empty());
}

TEST_CASE("nobody makes more than 32 requests in a second")
{
    House house;
    for (int i = 0; i < 32; ++i)
        CHECK(house.steering.plan_override(for_name("x", niced(5)), kAlice));
    CHECK(refusal(house, for_name("x", niced(5)), kAlice) == Refusal::Kind::limit_reached);
    CHECK(house.steering.plan_override(for_name("x", niced(5)), kBob));
    house.wait(1s);
    CHECK(house.steering.plan_override(for_name("x", niced(5)), kAlice));
}

TEST_CASE("a user has at most 256 overrides, and all together 1024")
{
    House house;
    const auto fill = [&](const Caller& caller, int count) {
        for (int i = 0; i < count; ++i) {
            house.now += 1s;
            CHECK(house.add(for_name("x", niced(5)), caller).find("refused") == std::string::npos);
        }
    };
    fill(kAlice, 256);
    house.now += 1s;
    CHECK(refusal(house, for_name("x", niced(5)), kAlice) == Refusal::Kind::limit_reached);
    fill(kRoot, 768);
    house.now += 1s;
    CHECK(refusal(house, for_name("x", niced(5)), kRoot) == Refusal::Kind::limit_reached);
}

TEST_CASE("rules of a user count for that user's processes alone, over the system's and within the limits")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "make", .exe = "/usr/bin/make", .uid = 1000});
    house.kernel.add({.pid = 43, .comm = "make", .exe = "/usr/bin/make", .uid = 1001});
    house.scan();
    auto plan =
        house.steering.plan_user_rules({{"50-mine.toml", "[[rule]]\nname = \"make\"\nset = { nice = -9 }\n"}}, kAlice);
    REQUIRE(plan);
    CHECK(plan->rules == 1);
    CHECK(plan->needs == Privileges{Privilege::raise_own});
    house.steering.use_user_rules(*std::move(plan));
    house.scan();
    CHECK(house.nice_of(42) == -5);
    CHECK(house.nice_of(43) == 10);
}

TEST_CASE("rules of a user go when the user goes, or takes them back")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "make", .exe = "/usr/bin/make", .uid = 1000});
    house.scan();
    const auto hand_over = [&](const std::string& text) {
        auto plan = house.steering.plan_user_rules({{"50-mine.toml", text}}, kAlice);
        REQUIRE(plan);
        house.steering.use_user_rules(*std::move(plan));
        house.scan();
    };
    hand_over("[programs]\nmake = \"media\"\n");
    CHECK(house.nice_of(42) == -4);
    CHECK(house.pipeline.explain(Pid{42}, {})->process.source == "user 1000: 50-mine.toml:2");
    house.steering.forget_user(Uid{1001});
    CHECK_FALSE(house.is_scan_wanted);
    house.steering.forget_user(Uid{1000});
    CHECK(house.is_scan_wanted);
    house.scan();
    CHECK(house.nice_of(42) == 10);
    hand_over("[programs]\nmake = \"media\"\n");
    auto nothing = house.steering.plan_user_rules({}, kAlice);
    CHECK(nothing->needs.empty());
    house.steering.use_user_rules(*std::move(nothing));
    house.scan();
    CHECK(house.nice_of(42) == 10);
}

TEST_CASE("rules of a user that no longer fit the system's policy are out of force, and that is said")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "x", .exe = "/usr/bin/x", .uid = 1000});
    auto plan = house.steering.plan_user_rules({{"a.toml", "[programs]\nx = \"build\"\n"}}, kAlice);
    house.steering.use_user_rules(*std::move(plan));
    house.scan();
    CHECK(house.nice_of(42) == 10);
    const auto faults = house.steering.use(policy_of("[class.other]\nnice = 1\n"));
    CHECK(faults.size() == 1);
    house.scan();
    CHECK(house.nice_of(42) == 0);
    CHECK(house.steering.use(policy_of(kRules)).empty());
    house.scan();
    CHECK(house.nice_of(42) == 10);
}

TEST_CASE("rules of a user are refused with the place of the fault, or for their size")
{
    House house;
    using Files = std::vector<std::pair<std::string, std::string>>;
    const auto plan = [&](const Files& files) {
        house.now += 1s;
        return house.steering.plan_user_rules(files, kAlice);
    };
    CHECK(plan({{"a.toml", "[programs]\nx = \"buidl\"\n"}}).error().text.starts_with("user 1000: a.toml:2:"));
    CHECK(plan({{"a.toml", "nonsense"}}).error().kind == Refusal::Kind::invalid_rules);
    CHECK(plan({{"../a.toml", ""}}).error().kind == Refusal::Kind::invalid_rules);
    CHECK(plan({{"a.txt", ""}}).error().kind == Refusal::Kind::invalid_rules);
    CHECK(plan({{"a.toml", std::string(300'000, '#')}}).error().kind == Refusal::Kind::limit_reached);
    CHECK(plan(Files(65, {"a.toml", ""})).error().kind == Refusal::Kind::limit_reached);
}

TEST_CASE("a program that an ordinary user could have put there is raised only so far")
{
    House house{
        "[class.audio]\nnice = -11\nsched = \"rr/10\"\noom_score_adj = -500\n[programs]\npipewire = \"audio\"\n"};
    house.kernel.add({.pid = 42, .comm = "pipewire", .exe = "/usr/bin/pipewire", .uid = 1000});
    house.kernel.add({.pid = 43, .comm = "pipewire", .exe = "/home/a/pipewire", .uid = 1000, .is_user_program = true});
    house.kernel.add({.pid = 44, .comm = "pipewire", .exe = "/usr/bin/python3", .argv = {"pipewire"}, .uid = 1000});
    house.kernel.add({.pid = 45, .comm = "pipewire", .exe = "/usr/bin/python3", .argv = {"pipewire"}});
    for (const int pid : {42, 43, 44, 45})
        house.exec(pid);
    CHECK(house.nice_of(42) == -11);
    CHECK(house.sched_of(42) == "rr/10");
    CHECK(house.nice_of(43) == -5);
    CHECK(house.sched_of(43) == "other");
    CHECK(to_text(*house.kernel.at(43).actual.find(Setting::oom_score_adj)) == "0");
    CHECK(house.nice_of(44) == -5);
    CHECK(house.nice_of(45) == -11);
    const auto rows = house.pipeline.explain(Pid{43}, {})->rows;
    CHECK(std::ranges::any_of(rows, [](const ExplainRow& row) {
        return row.source == "limits" && row.setting == "nice" && row.effective &&
               row.because.find("user_program_min_nice = -5") != std::string::npos;
    }));
}

TEST_CASE("where a program comes from is looked at only when it is to be raised far")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "make", .exe = "/usr/bin/make", .uid = 1000});
    house.exec(42);
    CHECK_FALSE(house.kernel.at(42).read.contains(Fact::file));
}

TEST_CASE("what an earlier daemon has left is taken over, or put back")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "make"});
    house.kernel.add({.pid = 43, .comm = "gone-from-the-rules"});
    house.kernel.at(42).actual.set(Setting::nice, *Nice::make(10));
    house.kernel.at(43).actual.set(Setting::nice, *Nice::make(19));
    house.kernel.fork(42, 44).comm = "child";
    const auto left = [](int pid, int written) {
        return Original{{Pid{pid}, 1}, Setting::nice, *Nice::make(0), *Nice::make(written)};
    };
    house.pipeline.adopt({.processes = {left(42, 10), left(43, 19), left(77, 3)}, .sessions = {}}, house.now);
    house.scan();
    CHECK(house.nice_of(42) == 10);
    CHECK(house.nice_of(43) == 0);
    CHECK(house.nice_of(44) == 10);
    house.pipeline.restore(house.now);
    CHECK(house.nice_of(42) == 0);
    CHECK(house.nice_of(44) == 0);
}

TEST_CASE("each value is remembered before it is written, and that it was put back too")
{
    House house;
    house.kernel.add({.pid = 42, .comm = "make"});
    house.exec(42);
    const Original forth{{Pid{42}, 1}, Setting::nice, *Nice::make(0), *Nice::make(10)};
    const Original back{{Pid{42}, 1}, Setting::nice, *Nice::make(0), *Nice::make(0)};
    CHECK(house.kernel.journal == std::vector{forth});
    CHECK(house.pipeline.originals().processes == std::vector{forth});
    house.pipeline.restore(house.now);
    CHECK(house.kernel.journal == std::vector{forth, back});
}

TEST_CASE("one's own process can be called the foreground, and root calls any")
{
    House house;
    house.kernel.add({.pid = 10, .comm = "editor", .uid = 1000});
    house.kernel.add({.pid = 11, .comm = "sh", .parent = 10, .uid = 1000});
    house.kernel.add({.pid = 20, .comm = "stranger", .uid = 1001});
    house.kernel.pidfds = {{5, 10}, {6, 20}, {7, 99}};
    auto& steering = house.steering;
    CHECK(steering.plan_foreground(5, kAlice).value() == ProcessKey{Pid{10}, 1});
    CHECK(steering.plan_foreground(6, kAlice).error().kind == Refusal::Kind::not_authorised);
    CHECK(steering.plan_foreground(6, kRoot).value() == ProcessKey{Pid{20}, 1});
    CHECK(steering.plan_foreground(7, kAlice).error().kind == Refusal::Kind::no_such_process);
    CHECK(steering.plan_foreground(8, kAlice).error().kind == Refusal::Kind::invalid_setting);
    steering.use_foreground(ProcessKey{Pid{10}, 1});
    CHECK(steering.foreground() == ProcessKey{Pid{10}, 1});
    CHECK(steering.is_in_foreground({Pid{11}, 1}));
}

TEST_CASE("rules of a user may have no profile")
{
    House house;
    const auto plan = house.steering.plan_user_rules({{"10-mine.toml", "[class.mine]\n[profile.x]\n"}}, kAlice);
    REQUIRE_FALSE(plan);
    CHECK(plan.error().kind == Refusal::Kind::invalid_rules);
    CHECK(plan.error().text.find("10-mine.toml:2: a profile is for the whole machine") != std::string::npos);
}
