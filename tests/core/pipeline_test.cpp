// SPDX-License-Identifier: GPL-3.0-or-later
/// From an event to what is done to processes, with the ports played by plain values.
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
sched = "batch"
[class.media]
nice = -4
[programs]
cc1plus = "build"
mpv = "media"
)";

/// When a program that was reacted to gets its full look.
constexpr auto kFullLook = 5ms;

/// A pipeline over fake processes, at a time that the test sets.
struct House {
    explicit House(const std::string& rules, const std::string& settings = "autogroup = false")
        : pipeline{world_of(kernel), live_knobs(), layers_of(policy_of(rules, settings))}
    {
    }
    void exec(int pid) { pipeline.handle({Event::Kind::exec, Pid{pid}, Tid{pid}, ""}, now); }
    void comm(int pid, int tid, std::string name)
    {
        pipeline.handle({Event::Kind::comm, Pid{pid}, Tid{tid}, std::move(name)}, now);
    }
    /// The process ends; told only if somebody watches it.
    void end(int pid)
    {
        kernel.kill(pid);
        if (kernel.watched.erase(Pid{pid}) > 0)
            pipeline.on_exit(Pid{pid}, now);
    }
    void scan()
    {
        pipeline.begin_scan();
        while (pipeline.continue_scan(3, now)) {
        }
    }
    void wait(std::chrono::milliseconds time)
    {
        now += time;
        pipeline.run_due(now);
    }

    FakeKernel kernel;
    Pipeline pipeline;
    Instant now{1h};
};

using Lines = std::vector<std::string>;

int nice_of(House& house, int pid)
{
    return find_value<Nice>(house.kernel.at(pid).actual, Setting::nice)->value();
}

}  // namespace

TEST_CASE("a program that starts gets what its rule says, in one action")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "cc1plus", .exe = "/usr/lib/gcc/cc1plus"});
    house.exec(42);
    CHECK(house.kernel.log == Lines{"42 nice=10 sched=batch"});
    CHECK(house.pipeline.tracked() == 1);
    const auto explanation = house.pipeline.explain(Pid{42}, {});
    CHECK(explanation->rows.at(1).outcome == "applied");
    CHECK(explanation->process.class_name == "build");
}

TEST_CASE("a setting that nobody named is never written, one that is already so neither")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "mpv"});
    house.kernel.at(42).actual.set(Setting::sched, SchedPolicy{SchedPolicy::Kind::rr, 5});
    house.exec(42);
    CHECK(house.kernel.log == Lines{"42 nice=-4"});
    house.kernel.log.clear();
    house.scan();
    CHECK(house.kernel.log.empty());
}

TEST_CASE("a program that no rule knows is left alone and not kept")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "nano"});
    house.exec(42);
    CHECK(house.kernel.log.empty());
    CHECK(house.pipeline.tracked() == 0);
    CHECK(house.pipeline.explain(Pid{42}, {})->rows.empty());
}

TEST_CASE("facts are read only when the policy needs them")
{
    House house{std::string{kRules} +
                    "[[rule]]\nname = \"python*\"\nunit = \"x.service\"\nuses = \"gpu\"\nset = { nice = 1 }\n",
                "autogroup = false\nunit_weights = false"};
    house.kernel.add({.pid = 42, .comm = "cc1plus"});
    house.kernel.add({.pid = 43, .comm = "python3"});
    house.exec(42);
    house.exec(43);
    CHECK_FALSE(house.kernel.at(42).read.contains(Fact::cgroup));
    CHECK_FALSE(house.kernel.at(42).read.contains(Fact::ancestors));
    CHECK(house.kernel.at(43).read.contains(Fact::cgroup));
    CHECK_FALSE(house.kernel.at(43).read.contains(Fact::devices));
}

TEST_CASE("a program that is known by its file gets its priority before anything else of it is read")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "mpv", .exe = "/usr/bin/mpv"});
    house.exec(42);
    CHECK(house.kernel.log == Lines{"42 nice=-4"});
    CHECK(house.kernel.at(42).read.empty());
    CHECK(house.pipeline.tally().applied == 1);
    house.pipeline.restore(house.now);
    CHECK(house.kernel.log.back() == "42 nice=0");
}

TEST_CASE("what waits for the full look gets it before anything is asked, taken back or decided otherwise")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "mpv", .exe = "/usr/bin/mpv"});
    house.exec(42);
    CHECK_FALSE(house.kernel.at(42).read.contains(Fact::stat));
    SUBCASE("a list")
    {
        CHECK(house.pipeline.views({}).size() == 1);
    }
    SUBCASE("an explanation")
    {
        CHECK(house.pipeline.explain(Pid{42}, {})->process.class_name == "media");
    }
    SUBCASE("what a crash must not lose")
    {
        CHECK(house.pipeline.originals().processes.size() == 1);
    }
    SUBCASE("a restore")
    {
        house.pipeline.restore(house.now);
        CHECK(nice_of(house, 42) == 0);
    }
    SUBCASE("other rules")
    {
        house.pipeline.use(layers_of(policy_of("")));
        house.scan();
        CHECK(nice_of(house, 42) == 0);
    }
    SUBCASE("another program in the same process")
    {
        house.kernel.at(42).exe = "/usr/lib/cc1plus";
        house.kernel.at(42).comm = "cc1plus";
        house.exec(42);
        CHECK(nice_of(house, 42) == 10);
    }
    SUBCASE("a program that it has started")
    {
        FakeProcess& child = house.kernel.fork(42, 43);
        child.exe = "/usr/bin/nano";
        child.comm = "nano";
        house.exec(43);
        CHECK(nice_of(house, 43) == 0);
    }
    CHECK(house.kernel.at(42).read.contains(Fact::stat));
}

TEST_CASE("a program that runs another one in its place hands on the same, however soon it does")
{
    std::string first;
    int left = 0;
    SUBCASE("what lowers stays")
    {
        first = "cc1plus";
        left = 10;
    }
    SUBCASE("what raises goes")
    {
        first = "mpv";
        left = 0;
    }
    for (const auto time : {0ms, kFullLook}) {
        House house{kRules};
        house.kernel.add({.pid = 42, .comm = first, .exe = "/usr/bin/" + first, .argv = {first}});
        house.exec(42);
        if (time > 0ms)
            house.wait(time);
        house.kernel.at(42).exe = "/usr/bin/nano";
        house.kernel.at(42).comm = "nano";
        house.kernel.at(42).argv = {"nano"};
        house.exec(42);
        CAPTURE(time.count());
        CHECK(nice_of(house, 42) == left);
        house.pipeline.restore(house.now);
        CHECK(nice_of(house, 42) == 0);
    }
}

TEST_CASE("what has ended before the full look has still handed on what it had")
{
    House house{kRules};
    house.kernel.ticks = 500;
    house.kernel.add(
        {.pid = 42, .comm = "cc1plus", .exe = "/usr/bin/cc1plus", .argv = {"cc1plus"}, .start_ticks = 500});
    house.exec(42);
    house.kernel.fork(42, 43).parent = 1;
    FakeProcess& raised =
        house.kernel.add({.pid = 44, .comm = "mpv", .exe = "/usr/bin/mpv", .argv = {"mpv"}, .start_ticks = 500});
    house.exec(44);
    house.kernel.fork(44, 45).parent = 1;
    SUBCASE("reaped")
    {
        house.end(44);
    }
    SUBCASE("not reaped yet")
    {
        raised.is_zombie = true;
    }
    house.end(42);
    house.kernel.ticks = 502;
    FakeProcess& next = house.kernel.at(45);
    next.exe = "/usr/bin/nano";
    next.comm = "nano";
    next.argv = {"nano"};
    house.exec(45);
    CHECK(nice_of(house, 45) == 0);
    CHECK(nice_of(house, 43) == 10);
    house.kernel.add({.pid = 46, .comm = "nano", .exe = "/usr/bin/nano", .start_ticks = 503})
        .actual.set(Setting::nice, *Nice::make(10));
    house.exec(46);
    house.pipeline.restore(house.now);
    CHECK(nice_of(house, 43) == 0);
    CHECK(nice_of(house, 46) == 10);  // too young
}

TEST_CASE("whoever gets the pid of a program that was reacted to is not taken for it")
{
    House house{kRules};
    house.kernel.ticks = 500;
    house.kernel.add({.pid = 42, .comm = "mpv", .exe = "/usr/bin/mpv", .start_ticks = 500});
    house.exec(42);
    house.end(42);
    house.kernel.add({.pid = 42, .comm = "nano", .exe = "/usr/bin/nano", .start_ticks = 501});
    house.wait(kFullLook);
    CHECK(house.pipeline.tracked() == 0);
    CHECK(nice_of(house, 42) == 0);
}

TEST_CASE("what has come along from another process is found out at once")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "cc1plus", .exe = "/usr/lib/cc1plus"});
    house.exec(42);
    FakeProcess& child = house.kernel.fork(42, 43);
    child.exe = "/usr/bin/mpv";
    child.comm = "mpv";
    house.exec(43);
    CHECK(nice_of(house, 43) == -4);
}

TEST_CASE("what has ended before the full look is forgotten")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "mpv", .exe = "/usr/bin/mpv"});
    house.exec(42);
    house.end(42);
    house.wait(kFullLook);
    CHECK(house.pipeline.tracked() == 0);
    CHECK_FALSE(house.pipeline.full_looks_due());
}

TEST_CASE("a process that is seen between two programs is left until the kernel tells of the second one")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "mpv", .exe = "/usr/bin/python3", .runs_next = "/usr/bin/mpv"});
    house.scan();
    CHECK(house.kernel.log.empty());
    house.exec(42);
    CHECK(nice_of(house, 42) == -4);
    house.pipeline.use(layers_of(policy_of("")));
    house.scan();
    CHECK(nice_of(house, 42) == 0);
}

TEST_CASE("what the file alone said is corrected when a later rule knows another name")
{
    House house{std::string{kRules} + "[[rule]]\nname = \"renamed\"\nclass = \"build\"\n"};
    house.kernel.add({.pid = 42, .comm = "renamed", .exe = "/usr/bin/mpv"});
    house.exec(42);
    CHECK(nice_of(house, 42) == -4);
    CHECK(house.pipeline.full_looks_due() == house.now + kFullLook);
    house.wait(kFullLook);
    CHECK(nice_of(house, 42) == 10);
    CHECK(house.pipeline.explain(Pid{42}, {})->process.class_name == "build");
    house.pipeline.restore(house.now);
    CHECK(find_value<Nice>(house.kernel.at(42).actual, Setting::nice)->value() == 0);
    CHECK(find_value<SchedPolicy>(house.kernel.at(42).actual, Setting::sched)->kind == SchedPolicy::Kind::other);
}

TEST_CASE("where more than the file counts, a program gets the full look at once")
{
    House house{kRules};
    FakeProcess& process = house.kernel.add({.pid = 42, .comm = "mpv", .exe = "/usr/bin/mpv", .argv = {"mpv"}});
    auto layers = layers_of(policy_of(kRules, "autogroup = false"));
    int nice = -4;
    SUBCASE("it is nice already, which may have come along from another process")
    {
        process.actual.set(Setting::nice, *Nice::make(3));
        nice = 3;
    }
    SUBCASE("its user has own rules for it")
    {
        layers.user_rules = std::make_shared<const UserRules>(
            UserRules{{Uid{1000}, policy_of("[[rule]]\nname = \"mpv\"\nset = { nice = 4 }\n")}});
        process.uid = 1000;
        nice = 4;
    }
    SUBCASE("an override is for the programs of one user")
    {
        SettingMap settings;
        settings.set(Setting::nice, *Nice::make(5));
        layers.overrides = std::make_shared<const OverrideTable>(std::vector{Override{
            .id = "1", .target = PatternTarget{MatchKey::name, "mpv"}, .settings = settings, .owner = Uid{1000}}});
    }
    SUBCASE("the kernel refuses it")
    {
        house.kernel.refuse(Setting::nice);
    }
    SUBCASE("the path of its file is too long to be kept")
    {
        process.exe = "/" + std::string(600, 'x') + "/mpv";
    }
    SUBCASE("it takes trust")
    {
        layers = layers_of(policy_of("[[rule]]\nname = \"mpv\"\nset = { nice = -9 }\n"));
        nice = -9;
    }
    house.pipeline.use(layers);
    house.exec(42);
    CHECK(process.read.contains(Fact::stat));
    CHECK(nice_of(house, 42) == nice);
}

TEST_CASE("what has nothing to do with a program takes nothing from its reflex")
{
    House house{kRules};
    FakeProcess& process = house.kernel.add({.pid = 42, .comm = "mpv", .exe = "/usr/bin/mpv"});
    auto layers = layers_of(policy_of(kRules, "autogroup = false"));
    layers.user_rules = std::make_shared<const UserRules>(
        UserRules{{Uid{1000}, policy_of("[[rule]]\nname = \"make\"\nset = { nice = 4 }\n")}});
    house.pipeline.use(layers);
    house.exec(42);
    CHECK(process.read.empty());
    CHECK(nice_of(house, 42) == -4);
}

TEST_CASE("a reflex goes with the rules that it came from")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "mpv", .exe = "/usr/bin/mpv"});
    house.kernel.add({.pid = 43, .comm = "mpv", .exe = "/usr/bin/mpv"});
    house.exec(42);
    house.pipeline.use(layers_of(policy_of("[[rule]]\nname = \"mpv\"\nset = { nice = 2 }\n")));
    house.exec(43);
    CHECK(nice_of(house, 43) == 2);
}

TEST_CASE("a file whose rules ask for more is not acted on early")
{
    House house{std::string{kRules} + "[[rule]]\nname = \"mpv\"\narg = \"--idle\"\nset = { nice = 3 }\n"};
    house.kernel.add({.pid = 42, .comm = "mpv", .exe = "/usr/bin/mpv", .argv = {"mpv", "--idle"}});
    house.exec(42);
    CHECK(house.kernel.log == Lines{"42 nice=3"});
}

TEST_CASE("pid 1, kernel threads and the daemon itself are never touched")
{
    House house{"[[rule]]\nname = \"*\"\nset = { nice = 5 }\n"};
    house.kernel.add({.pid = 1, .comm = "systemd"});
    house.kernel.add({.pid = 2, .comm = "kthreadd", .is_kernel_thread = true});
    house.kernel.add({.pid = 999, .comm = "priorityd"});
    house.kernel.add({.pid = 1000, .comm = "sh"});
    house.scan();
    CHECK(house.kernel.log == Lines{"1000 nice=5"});
}

TEST_CASE("a process that renamed itself is matched again")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "launcher"});
    house.exec(42);
    house.kernel.at(42).comm = "mpv";
    house.comm(42, 42, "mpv");
    CHECK(house.kernel.log == Lines{"42 nice=-4"});
}

TEST_CASE("names of mere threads, and names that no rule knows, cost no reading")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "firefox"});
    house.comm(42, 43, "mpv");
    house.comm(42, 42, "Web Content");
    CHECK(house.kernel.at(42).read.empty());
}

TEST_CASE("a process that takes another name, which no rule knows, is put back to what it was before")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "cc1plus"});
    house.exec(42);
    house.kernel.at(42).comm = "nano";
    house.comm(42, 42, "nano");
    CHECK(house.kernel.log == Lines{"42 nice=10 sched=batch", "42 nice=0 sched=other"});
    CHECK(house.pipeline.tracked() == 0);
}

TEST_CASE("from one rule to another only what differs is written, and the first value found is the one to go back to")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "cc1plus"});
    house.exec(42);
    house.kernel.at(42).comm = "mpv";
    house.exec(42);
    CHECK(house.kernel.log.back() == "42 nice=-4 sched=other");
    house.pipeline.restore(house.now);
    CHECK(house.kernel.log.back() == "42 nice=0");
}

TEST_CASE("a reused pid is a new process")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "cc1plus", .start_ticks = 10});
    house.exec(42);
    house.kernel.add({.pid = 42, .comm = "nano", .start_ticks = 20});
    house.exec(42);
    house.pipeline.restore(house.now);
    CHECK(house.kernel.log == Lines{"42 nice=10 sched=batch"});
}

TEST_CASE("restoring does not touch what somebody else has changed since")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "cc1plus"});
    house.kernel.add({.pid = 43, .comm = "cc1plus"});
    house.exec(42);
    house.exec(43);
    house.kernel.at(42).actual.set(Setting::nice, *Nice::make(15));
    house.pipeline.restore(house.now);
    CHECK(find_value<Nice>(house.kernel.at(42).actual, Setting::nice)->value() == 15);
    CHECK(find_value<SchedPolicy>(house.kernel.at(42).actual, Setting::sched)->kind == SchedPolicy::Kind::other);
    CHECK(find_value<Nice>(house.kernel.at(43).actual, Setting::nice)->value() == 0);
}

TEST_CASE("a value that somebody else has set since is not fought")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "cc1plus"});
    house.exec(42);
    house.kernel.at(42).actual.set(Setting::nice, *Nice::make(15));
    house.kernel.log.clear();
    house.scan();
    CHECK(house.kernel.log.empty());
    const Clocks clocks{house.now + 5s, std::chrono::sys_seconds{5s}};
    CHECK(house.pipeline.explain(Pid{42}, clocks)->rows.at(1).outcome ==
          "held by someone else since 1970-01-01 00:00:00 UTC: nice = 15");
}

TEST_CASE("one setting that fails stops no other")
{
    House house{"[[rule]]\nname = \"x\"\nset = { nice = -5, io = \"idle\", oom_score_adj = 100 }\n"};
    house.kernel.add({.pid = 42, .comm = "x"});
    house.kernel.refuse(Setting::nice);
    house.exec(42);
    CHECK(house.kernel.log == Lines{"42 io=idle", "42 oom_score_adj=100"});
    CHECK(house.pipeline.tally().failed == 1);
    CHECK(house.pipeline.explain(Pid{42}, {})->rows.at(0).outcome == "failed: refused by the test");
}

TEST_CASE("a dead knob and a set that this machine lacks are outcomes")
{
    House house{
        "[[rule]]\nname = \"x\"\nset = { cpu_weight = 50, cpus = \"numa:9\", slice = \"3ms\" }\n[[rule]]\nname = "
        "\"y\"\nset = { cpus = \"efficiency\" }\n"};
    house.kernel.add({.pid = 42, .comm = "x"});
    house.kernel.add({.pid = 43, .comm = "y"});
    house.kernel.has.efficiency = *CpuSet::parse("4-7");
    house.exec(42);
    house.exec(43);
    const auto rows = house.pipeline.explain(Pid{42}, {})->rows;
    CHECK(rows.at(0).outcome == "not live: this kernel lacks it");
    CHECK(rows.at(1).outcome == "not live: the process is in no unit");
    CHECK(rows.at(2).outcome.find("failed: numa:9: nodes here: 0-1") != std::string::npos);
    CHECK(house.kernel.log == Lines{"43 cpus=4-7"});
}

TEST_CASE("a process that is gone before it could be read is no news")
{
    House house{kRules};
    house.exec(42);
    CHECK(house.kernel.log.empty());
    CHECK_FALSE(house.pipeline.has_changes());
}

TEST_CASE("the end of a process ends its record, and nobody else's end is watched")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "mpv"});
    house.kernel.add({.pid = 43, .comm = "nano"});
    house.exec(42);
    house.exec(43);
    CHECK(house.kernel.watched == std::set{Pid{42}});
    house.end(42);
    CHECK(house.pipeline.tracked() == 0);
}

TEST_CASE("a process whose main thread has ended stays tracked while other threads live")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "mpv"});
    house.exec(42);
    house.kernel.at(42).is_zombie = true;
    house.kernel.at(42).threads = 3;
    house.scan();
    CHECK(house.pipeline.tracked() == 1);
    // An exec from another thread takes over the pid and is matched as ever.
    house.kernel.at(42).is_zombie = false;
    house.kernel.at(42).comm = "cc1plus";
    house.exec(42);
    CHECK(house.kernel.log.back() == "42 nice=10 sched=batch");
}

TEST_CASE("a process that cannot be watched is looked at again until it has ended")
{
    House house{kRules};
    house.kernel.has_no_descriptors = true;
    house.kernel.add({.pid = 42, .comm = "mpv"});
    house.exec(42);
    REQUIRE(house.pipeline.deadline());
    house.wait(30s);
    CHECK(house.pipeline.tracked() == 1);
    house.kernel.kill(42);
    house.wait(30s);
    CHECK(house.pipeline.tracked() == 0);
    CHECK_FALSE(house.pipeline.deadline());
}

TEST_CASE("a rule on what a program has open is asked again later, and then not for ever")
{
    House house{"[[rule]]\nname = \"player\"\nuses = \"audio\"\nset = { nice = -4 }\n"};
    house.kernel.add({.pid = 42, .comm = "player"});
    house.exec(42);
    CHECK(house.kernel.log.empty());
    CHECK_FALSE(house.kernel.at(42).read.contains(Fact::devices));  // at exec nobody pays for it
    house.kernel.at(42).uses.audio = true;
    house.wait(1s);
    CHECK(house.kernel.log == Lines{"42 nice=-4"});
    house.wait(600s);
    CHECK_FALSE(house.pipeline.deadline());
}

TEST_CASE("a new policy takes back what the old one gave")
{
    House house{kRules};
    house.kernel.add({.pid = 42, .comm = "mpv"});
    house.scan();
    house.pipeline.use(layers_of(policy_of("[[rule]]\nname = \"other\"\nset = { nice = 1 }\n")));
    house.scan();
    CHECK(house.kernel.log == Lines{"42 nice=-4", "42 nice=0"});
}

TEST_CASE("a change of user is looked at when a rule asks for users")
{
    House house{"[[rule]]\nname = \"x\"\nuser = \"alice\"\nset = { nice = 3 }\n"};
    house.kernel.add({.pid = 42, .comm = "x"});
    house.exec(42);
    house.kernel.at(42).uid = 1000;
    house.pipeline.handle({Event::Kind::uid, Pid{42}, Tid{42}, ""}, house.now);
    CHECK(house.kernel.log == Lines{"42 nice=3"});
}

TEST_CASE("changes are told once each, at most 64 at a time, and the rest is counted")
{
    House house{kRules};
    for (int pid = 100; pid < 200; ++pid) {
        house.kernel.add({.pid = pid, .comm = "mpv"});
        house.exec(pid);
    }
    house.exec(100);
    const auto batch = house.pipeline.take_changes();
    CHECK(batch.rows.size() == 64);
    CHECK(batch.left_out == 36);
    CHECK_FALSE(house.pipeline.has_changes());
}

TEST_CASE("lists are filtered and in the order of pids")
{
    House house{kRules};
    house.kernel.add({.pid = 50, .comm = "mpv", .uid = 1000});
    house.kernel.add({.pid = 40, .comm = "cc1plus"});
    house.scan();
    CHECK(house.pipeline.views({}).at(0).key.pid == Pid{40});
    CHECK(house.pipeline.views({.class_name = "media"}).size() == 1);
    CHECK(house.pipeline.views({.name = "cc*"}).size() == 1);
    CHECK(house.pipeline.views({.source = "test.toml"}).size() == 2);
    CHECK(house.pipeline.views({.uid = Uid{1000}}).at(0).key.pid == Pid{50});
}

TEST_CASE("a process is listed by either of the names that it may be shown with")
{
    House house{"[class.build]\nnice = 10\n[programs]\n'train.py' = 'build'"};
    house.kernel.add(
        {.pid = 40, .comm = "python3", .exe = "/usr/bin/python3.11", .argv = {"python3", "/srv/train.py", "--x"}});
    house.scan();
    const auto views = house.pipeline.views({.name = "train*"});
    REQUIRE(views.size() == 1);
    CHECK(views[0].name == "train.py");
    CHECK(views[0].public_name == "python3");
    CHECK(house.pipeline.views({.name = "python3"}).size() == 1);
    CHECK(house.pipeline.views({.name = "python3.11"}).empty());
}

TEST_CASE("what a child is told of its parent stands in none of the parent's arguments")
{
    House house{"[class.build]\nnice = 10\n[programs]\n'train.py' = 'build'"};
    house.kernel.add({.pid = 40,
                      .comm = "python3",
                      .exe = "/usr/bin/python3.11",
                      .argv = {"python3", "/srv/train.py"},
                      .session = 40});
    house.exec(40);
    auto& child = house.kernel.fork(40, 41);
    child.comm = "cat";
    child.exe = "/usr/bin/cat";
    child.argv = {"cat"};
    child.uid = 1000;
    house.exec(41);
    const auto told = house.pipeline.explain(Pid{41}, {});
    REQUIRE(told);
    REQUIRE_FALSE(told->rows.empty());
    CHECK(told->rows[0].because == "came along from python3 (pid 40), which was lowered: its children stay lowered");
}

TEST_CASE("a session of nothing but lowered processes is lowered, and put back")
{
    House house{kRules, ""};
    house.kernel.add({.pid = 42, .comm = "cc1plus", .session = 7});
    house.kernel.add({.pid = 43, .comm = "cc1plus", .session = 7});
    house.exec(42);
    house.exec(43);
    CHECK(house.pipeline.deadline());
    house.wait(100ms);
    CHECK(house.kernel.autogroups[7] == 10);
    CHECK(house.pipeline.explain(Pid{42}, {})->rows.back().setting == "autogroup");
    house.pipeline.restore(house.now);
    CHECK(house.kernel.autogroups[7] == 0);
}

TEST_CASE("a weight goes to the unit of the process, and is taken back at the end")
{
    House house{"[[rule]]\nname = \"db*\"\nset = { cpu_weight = 50, io_weight = 20 }\n"};
    house.kernel.add({.pid = 42, .comm = "db", .cgroup = "/system.slice/db.service"});
    house.exec(42);
    CHECK(house.kernel.weights.empty());
    house.wait(100ms);
    CHECK(house.kernel.log == Lines{"db.service cpu_weight 50, io_weight 20"});
    CHECK(house.pipeline.explain(Pid{42}, {})->rows.at(0).outcome ==
          "applied (unit db.service: for all of its processes (1); priorityd has set: cpu_weight 50, io_weight 20)");
    // A process without a weight comes into the unit, and goes again with its program.
    house.kernel.add({.pid = 43, .comm = "dbhelper", .cgroup = "/system.slice/db.service"});
    house.exec(43);
    house.wait(100ms);
    CHECK(house.kernel.log.size() == 1);
    house.pipeline.restore(house.now);
    CHECK(house.kernel.log.back() == "db.service none");
}

TEST_CASE("a process that stops asking for a weight takes it from its unit")
{
    House house{"[[rule]]\nname = \"db\"\nset = { cpu_weight = 50 }\n"};
    house.kernel.add({.pid = 42, .comm = "db", .cgroup = "/system.slice/db.service"});
    house.exec(42);
    house.wait(100ms);
    house.pipeline.use(layers_of(policy_of("[[rule]]\nname = \"db\"\nset = { nice = 1 }\n")));
    house.scan();
    house.wait(100ms);
    CHECK(house.kernel.weights["db.service"].empty());
    house.pipeline.use(layers_of(policy_of("[[rule]]\nname = \"db\"\nset = { cpu_weight = \"idle\" }\n")));
    house.scan();
    house.wait(100ms);
    CHECK(to_text(house.kernel.weights["db.service"]) == "cpu_weight idle");
    house.end(42);
    house.wait(100ms);
    CHECK(house.kernel.weights["db.service"].empty());
}

TEST_CASE("what a lowered program starts does not hold its unit up, unless children start anew")
{
    std::string children;
    std::string weight = "none";
    SUBCASE("children of a lowered program stay with it")
    {
        weight = "cpu_weight 50";
    }
    SUBCASE("children that start anew count as any other")
    {
        children = ", children = \"reset\"";
    }
    House house{"[[rule]]\nname = \"make\"\nset = { cpu_weight = 50" + children + " }\n"};
    house.kernel.add({.pid = 42, .comm = "make", .cgroup = "/system.slice/ci.service"});
    house.kernel.add({.pid = 43, .comm = "sh", .parent = 42, .cgroup = "/system.slice/ci.service"});
    house.kernel.add({.pid = 44, .comm = "tool", .parent = 43, .cgroup = "/system.slice/ci.service"});
    house.exec(42);
    house.wait(100ms);
    house.wait(100ms);
    CHECK(to_text(house.kernel.weights["ci.service"]) == weight);
}

TEST_CASE("where units compete by weight, a nice value becomes one")
{
    House house{"[programs]\ndb = \"batch\"\n[class.batch]\nnice = 10\n"};
    house.kernel.add({.pid = 42, .comm = "db", .cgroup = "/system.slice/db.service"});
    house.kernel.add({.pid = 43, .comm = "db", .cgroup = "/system.slice/other.service"});
    house.kernel.sharing = {"db.service"};
    house.exec(42);
    house.exec(43);
    house.wait(100ms);
    CHECK(to_text(house.kernel.weights["db.service"]) == "cpu_weight 11");
    CHECK(house.kernel.weights["other.service"].empty());
    const auto rows = house.pipeline.explain(Pid{42}, {})->rows;
    const auto row = std::ranges::find(rows, "cpu_weight", &ExplainRow::setting);
    REQUIRE(row != rows.end());
    CHECK(row->value == "11");
    CHECK(row->source == "unit_weights");
    CHECK(row->outcome.starts_with("applied"));
    house.pipeline.restore(house.now);
    CHECK(house.kernel.weights["db.service"].empty());
}

TEST_CASE("no weight comes of a nice value that somebody else has set, nor where the settings say so")
{
    std::string settings;
    int nice = 0;
    SUBCASE("held")
    {
        nice = 5;
    }
    SUBCASE("switched off")
    {
        settings = "unit_weights = false\n";
    }
    House house{"[programs]\ndb = \"batch\"\n[class.batch]\nnice = 10\n", settings};
    auto& process = house.kernel.add({.pid = 42, .comm = "db", .cgroup = "/system.slice/db.service"});
    process.actual.set(Setting::nice, *Nice::make(nice));
    house.kernel.sharing = {"db.service"};
    house.exec(42);
    house.wait(100ms);
    CHECK(house.kernel.weights["db.service"].empty());
}

TEST_CASE("workers that a service has forked count as what they are")
{
    House house{"[[rule]]\nname = \"db\"\nset = { cpu_weight = 50 }\n"};
    house.kernel.add({.pid = 42, .comm = "db", .cgroup = "/system.slice/db.service"});
    house.exec(42);
    house.kernel.fork(42, 43);
    house.wait(100ms);
    house.wait(100ms);
    CHECK(to_text(house.kernel.weights["db.service"]) == "cpu_weight 50");
    CHECK(house.pipeline.tracked() == 2);
}

TEST_CASE("where scopes may be split, a build in a terminal gets a scope of its own, and its weight there")
{
    const std::string slice = "/user.slice/user-1000.slice/user@1000.service/app.slice/";
    House house{"[[rule]]\nname = \"cc1plus\"\nset = { cpu_weight = 20 }\n",
                "autogroup = false\nsession_scopes = \"split\"\n"};
    house.kernel.add({.pid = 41, .comm = "bash", .cgroup = slice + "tab.scope"});
    house.kernel.add({.pid = 42, .comm = "cc1plus", .cgroup = slice + "tab.scope"});
    house.exec(42);
    house.wait(100ms);
    house.wait(100ms);
    CHECK(house.kernel.at(41).cgroup == slice + "tab.scope");
    CHECK(house.kernel.at(42).cgroup == slice + "priorityd-split-42-1.scope");
    house.wait(100ms);
    house.wait(100ms);
    house.wait(100ms);
    CHECK(to_text(house.kernel.weights["priorityd-split-42-1.scope"]) == "cpu_weight 20");
    CHECK(house.kernel.weights["tab.scope"].empty());
    house.pipeline.restore(house.now);
    CHECK(house.kernel.weights["priorityd-split-42-1.scope"].empty());
}

TEST_CASE("a weight of a slice is set from the settings, shown for what runs in it, and follows a reload")
{
    const std::string rules = "[[rule]]\nname = \"db\"\nset = { nice = 1 }\n";
    House house{rules, "autogroup = false\n[slices]\n\"system.slice\" = { cpu_weight = 30 }\n"};
    house.kernel.add({.pid = 42, .comm = "db", .cgroup = "/system.slice/db.service"});
    house.wait(100ms);
    CHECK(to_text(house.kernel.weights["system.slice"]) == "cpu_weight 30");
    const auto rows = house.pipeline.explain(Pid{42}, {})->rows;
    CHECK(rows.back().setting == "slice weight");
    CHECK(rows.back().value == "cpu_weight 30");
    CHECK(rows.back().outcome == "applied");
    house.pipeline.use(layers_of(policy_of(rules)));
    house.wait(100ms);
    CHECK(house.kernel.weights["system.slice"].empty());
}

TEST_CASE("a session that was put back says so no longer than that there is nothing to do")
{
    House house{kRules, ""};
    house.kernel.add({.pid = 42, .comm = "cc1plus", .session = 7});
    house.exec(42);
    house.wait(100ms);
    house.kernel.add({.pid = 43, .comm = "bash", .session = 7});
    house.exec(43);
    house.wait(100ms);
    CHECK(house.kernel.autogroups[7] == 0);
    CHECK(house.pipeline.explain(Pid{42}, {})->rows.back().outcome == "nothing to do");
}

TEST_CASE("a session is not lowered while somebody in it was not, and follows when they leave")
{
    House house{kRules, ""};
    house.kernel.add({.pid = 7, .comm = "bash", .session = 7});
    house.kernel.add({.pid = 42, .comm = "cc1plus", .session = 7});
    house.exec(42);
    house.wait(100ms);
    CHECK(house.kernel.autogroups[7] == 0);
    // A hundred more compilers do not make the session searched again.
    const int lists = house.kernel.lists;
    for (int pid = 100; pid < 200; ++pid) {
        house.kernel.add({.pid = pid, .comm = "cc1plus", .session = 7});
        house.exec(pid);
        house.wait(100ms);
    }
    CHECK(house.kernel.lists == lists);
    house.end(7);
    house.wait(100ms);
    CHECK(house.kernel.autogroups[7] == 10);
}

TEST_CASE("a lowered session is put back as soon as something unknown starts in it")
{
    House house{kRules, ""};
    house.kernel.add({.pid = 42, .comm = "cc1plus", .session = 7});
    house.exec(42);
    house.wait(100ms);
    CHECK(house.kernel.autogroups[7] == 10);
    house.kernel.add({.pid = 43, .comm = "nano", .session = 7});
    house.exec(43);
    house.wait(100ms);
    CHECK(house.kernel.autogroups[7] == 0);
}

TEST_CASE("something raised lifts its session, and what it left behind does not")
{
    House house{kRules, ""};
    house.kernel.add({.pid = 7, .comm = "bash", .session = 7});
    house.kernel.add({.pid = 42, .comm = "mpv", .session = 7});
    house.kernel.add({.pid = 43, .comm = "cc1plus", .session = 7});
    house.exec(42);
    house.exec(43);
    house.wait(100ms);
    CHECK(house.kernel.autogroups[7] == -4);
    house.end(42);
    house.wait(100ms);
    CHECK(house.kernel.autogroups[7] == 0);
}

TEST_CASE("a session that somebody else has set is left to them")
{
    House house{kRules, ""};
    house.kernel.add({.pid = 42, .comm = "cc1plus", .session = 7});
    house.exec(42);
    house.wait(100ms);
    house.kernel.autogroups[7] = 3;
    house.pipeline.restore(house.now);
    CHECK(house.kernel.autogroups[7] == 3);
}

TEST_CASE("what is written to a session is remembered before, and that it was put back too")
{
    House house{kRules, ""};
    house.kernel.add({.pid = 42, .comm = "cc1plus", .session = 7});
    house.exec(42);
    house.wait(100ms);
    const SessionOriginal forth{1007, *Nice::make(0), *Nice::make(10)};
    const SessionOriginal back{1007, *Nice::make(0), *Nice::make(0)};
    CHECK(house.kernel.session_journal == std::vector{forth});
    CHECK(house.pipeline.originals().sessions == std::vector{forth});
    house.pipeline.restore(house.now);
    CHECK(house.kernel.session_journal == std::vector{forth, back});
    CHECK(house.pipeline.originals().empty());
}

TEST_CASE("a session that an earlier daemon has changed is taken over, or put back")
{
    const SessionOriginal earlier{1007, *Nice::make(0), *Nice::make(19)};
    const SessionOriginal latest{1007, *Nice::make(0), *Nice::make(10)};
    const SessionOriginal of_another{1008, *Nice::make(0), *Nice::make(10)};
    for (const int left : {10, 19, 3}) {  // the last write, or only the one before it, or somebody else's
        for (const auto* comm : {"cc1plus", "nano"}) {
            House house{kRules, ""};
            house.kernel.add({.pid = 42, .comm = comm, .session = 7});
            house.kernel.autogroups[7] = left;
            house.pipeline.adopt({.processes = {}, .sessions = {earlier, latest, of_another}}, house.now);
            house.scan();
            house.wait(100ms);
            const bool is_held = left == 3;
            const bool is_known = comm == std::string{"cc1plus"};
            CHECK(house.kernel.autogroups[7] == (is_known ? 10 : (is_held ? 3 : 0)));
            house.pipeline.restore(house.now);
            CHECK(house.kernel.autogroups[7] == (is_held ? 3 : 0));
        }
    }
}

TEST_CASE("a program named realtime-idle asks its session for the least")
{
    SettingMap settings;
    settings.set(Setting::sched, SchedPolicy{SchedPolicy::Kind::idle, 0});
    CHECK(autogroup_wish(settings).value() == 19);
    CHECK(autogroup_wish({}).value() == 0);
}
