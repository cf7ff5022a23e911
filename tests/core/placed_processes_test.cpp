// SPDX-License-Identifier: GPL-3.0-or-later
/// Which CPUs processes come to have: names and numbers in rules, what others have confined, CPUs that come and go.
#include <algorithm>

#include <doctest/doctest.h>

#include "support/fake_world.hpp"

using namespace priorityd;
using namespace priorityd::test;
using namespace std::chrono_literals;

namespace {

constexpr auto* kRules = R"(
[[rule]]
name = "server"
set = { cpus = "llc:auto" }
[[rule]]
name = "wide"
set = { cpus = "numa:auto" }
[[rule]]
name = "near"
set = { cpus = "gpu-local" }
[[rule]]
name = "numbered"
set = { cpus = "2-5" }
[[rule]]
name = "beyond"
set = { cpus = "6-9" }
[[rule]]
name = "elsewhere"
set = { cpus = "32-63" }
[[rule]]
name = "second"
set = { cpus = "numa:1" }
)";

Value cpus(std::string_view list)
{
    return CpuChoice{*CpuSet::parse(list)};
}

SettingMap with_cpus(std::string_view list)
{
    SettingMap map;
    map.set(Setting::cpus, cpus(list));
    return map;
}

struct House {
    House() : pipeline{world_of(kernel), live_knobs(), layers_of(policy_of(kRules, "autogroup = false"))} {}
    /// Starts the program and gives it its full look.
    void start(FakeProcess process)
    {
        const Pid pid{process.pid};
        kernel.add(std::move(process));
        pipeline.handle({Event::Kind::exec, pid, Tid{raw(pid)}, ""}, now);
        pipeline.catch_up();
    }
    void end(int pid)
    {
        kernel.kill(pid);
        pipeline.on_exit(Pid{pid}, now);
    }
    void wait(std::chrono::milliseconds time)
    {
        now += time;
        pipeline.run_due(now);
    }
    std::string cpus_of(int pid) { return to_text(*kernel.at(pid).actual.find(Setting::cpus)); }
    std::string outcome(int pid) { return pipeline.explain(Pid{pid}, {.now = now, .date = {}})->rows.at(0).outcome; }

    FakeKernel kernel;
    Pipeline pipeline;
    Instant now{1h};
};

}  // namespace

TEST_CASE("two servers get two caches, and explain says which and why")
{
    House house;
    house.start({.pid = 42, .comm = "server"});
    house.start({.pid = 43, .comm = "server"});
    CHECK(house.cpus_of(42) == "0-3");
    CHECK(house.cpus_of(43) == "4-7");
    CHECK(house.outcome(42) == "applied: llc:0");
    CHECK(house.outcome(43) == "applied: llc:1");
}

TEST_CASE("a place is free again when its program has ended")
{
    House house;
    house.start({.pid = 42, .comm = "server"});
    house.start({.pid = 43, .comm = "server"});
    house.end(43);
    house.start({.pid = 44, .comm = "server"});
    CHECK(house.cpus_of(44) == "4-7");
}

TEST_CASE("all is put back at the end, also what is offline now")
{
    House house;
    house.kernel.has.possible = *CpuSet::parse("0-9");
    house.start({.pid = 42, .comm = "server"});
    house.pipeline.restore(house.now);
    CHECK(house.cpus_of(42) == "0-9");
}

TEST_CASE("who was pinned by somebody else stays, and takes nobody's place")
{
    House house;
    house.start({.pid = 42, .comm = "server", .actual = with_cpus("1")});
    CHECK(house.cpus_of(42) == "1");
    CHECK(house.outcome(42).ends_with(": cpus = 1"));
    CHECK(house.outcome(42).starts_with("held by someone else since"));
    house.start({.pid = 43, .comm = "server"});
    CHECK(house.cpus_of(43) == "0-3");
}

TEST_CASE("who is confined by its control group gets no chosen set")
{
    House house;
    house.start({.pid = 42, .comm = "server", .cpuset = CpuSet::parse("4-5"), .actual = with_cpus("4-5")});
    CHECK(house.cpus_of(42) == "4-5");
    CHECK(house.outcome(42) == "not live: its control group is confined to 4-5");
}

TEST_CASE("a control group that confines a placed program for a while is not fought, and forgotten afterwards")
{
    House house;
    house.start({.pid = 42, .comm = "server"});
    // As the kernel does it: what is left of 0-3.
    house.kernel.at(42).cpuset = CpuSet::parse("2-5");
    house.kernel.at(42).actual.set(Setting::cpus, cpus("2-3"));
    house.wait(60s);
    CHECK(house.outcome(42) == "not live: its control group is confined to 2-5");
    CHECK(house.cpus_of(42) == "0-7");  // and nothing of ours is left, for when the group is widened
    house.kernel.at(42).actual.set(Setting::cpus, cpus("2-5"));
    house.start({.pid = 43, .comm = "server"});
    CHECK(house.cpus_of(43) == "0-3");
    house.kernel.at(42).cpuset.reset();
    house.kernel.at(42).actual.set(Setting::cpus, cpus("0-7"));
    house.wait(60s);
    CHECK(house.cpus_of(42) == "4-7");
}

TEST_CASE("what a control group has cut is put back uncut, since the group may be widened")
{
    House house;
    house.start({.pid = 42, .comm = "numbered", .cpuset = CpuSet::parse("4-7"), .actual = with_cpus("4-7")});
    CHECK(house.cpus_of(42) == "2-5");  // of which the kernel makes 4-5
    house.kernel.at(42).actual.set(Setting::cpus, cpus("4-5"));
    house.pipeline.restore(house.now);
    CHECK(house.cpus_of(42) == "0-7");
}

TEST_CASE("of a set that a rule names it gets what its control group allows, and explain says so")
{
    House house;
    house.start({.pid = 42, .comm = "numbered", .cpuset = CpuSet::parse("4-7"), .actual = with_cpus("4-7")});
    house.kernel.at(42).actual.set(Setting::cpus, cpus("4-5"));  // as the kernel does it
    CHECK(house.outcome(42) == "applied: its control group is confined to 4-7");
    house.pipeline.look_again(std::vector{Pid{42}}, house.now);
    CHECK(house.outcome(42) == "applied: its control group is confined to 4-7");
    house.start({.pid = 43, .comm = "second", .cpuset = CpuSet::parse("0-3"), .actual = with_cpus("0-3")});
    CHECK(house.cpus_of(43) == "0-3");
    CHECK(house.outcome(43) == "failed: none of 4-7 is among 0-3, which its control group is confined to");
}

TEST_CASE("numbers that this machine does not have are left out, and all of them is a failure")
{
    House house;
    house.start({.pid = 42, .comm = "beyond"});
    CHECK(house.cpus_of(42) == "6-7");
    CHECK(house.outcome(42) == "applied: without 8-9, which this machine does not have");
    house.start({.pid = 43, .comm = "elsewhere"});
    CHECK(house.cpus_of(43) == "0-7");
    CHECK(house.outcome(43) == "failed: none of 32-63 is online here: 0-7");
}

TEST_CASE("isolated CPUs are given by number alone")
{
    House house;
    house.kernel.has.isolated = *CpuSet::parse("8-9");
    house.start({.pid = 42, .comm = "beyond"});
    CHECK(house.cpus_of(42) == "6-9");
}

TEST_CASE("where the kernel gathers threads by cache, it is left to do so, also when it begins later")
{
    House house;
    house.start({.pid = 42, .comm = "server"});
    house.kernel.gathers = true;
    house.start({.pid = 43, .comm = "server"});
    house.start({.pid = 44, .comm = "wide"});
    CHECK(house.cpus_of(43) == "0-7");
    CHECK(house.outcome(43) == "not live: the kernel gathers the threads of a process by itself (sched/llc_balancing)");
    CHECK(house.cpus_of(44) == "4-7");
    house.wait(1s);
    CHECK(house.cpus_of(42) == "0-7");
}

TEST_CASE("a program whose threads need more than its cache has more after a while")
{
    House house;
    house.kernel.has.llc.at(0).cpus = *CpuSet::parse("0-1");
    house.kernel.has.llc[2] = {.cpus = *CpuSet::parse("2-3"), .level = 3};
    house.start({.pid = 42, .comm = "server"});
    CHECK(house.cpus_of(42) == "0-1");
    house.kernel.at(42).threads = house.kernel.at(42).busy_threads = 3;
    house.wait(1s);
    CHECK(house.cpus_of(42) == "0-3");
    CHECK(house.outcome(42) == "applied: llc:0, llc:2 for 3 threads at work");
}

TEST_CASE("a program whose threads need the whole machine has it back")
{
    House house;
    house.start({.pid = 42, .comm = "server"});
    house.kernel.at(42).threads = house.kernel.at(42).busy_threads = 8;
    house.wait(1s);
    CHECK(house.cpus_of(42) == "0-7");
    CHECK(house.outcome(42) == "not live: 8 threads at work need every L3 cache");
    house.kernel.at(42).busy_threads = 2;
    house.wait(60s);
    CHECK(house.cpus_of(42) == "0-3");
}

TEST_CASE("CPUs that go offline are nobody's doing, and what is left of the place stays")
{
    House house;
    house.start({.pid = 42, .comm = "server"});
    // As the kernel does it: the process still has 0-3, of which 3 is not shown.
    house.kernel.at(42).actual.set(Setting::cpus, cpus("0-2"));
    house.kernel.has.all = *CpuSet::parse("0-2,4-7");
    house.kernel.has.llc.at(0).cpus = *CpuSet::parse("0-2");
    house.pipeline.on_cpu_change(house.now);
    CHECK(house.cpus_of(42) == "0-2");
    CHECK(house.outcome(42) == "applied: llc:0");
}

TEST_CASE("a child of a placed program has its CPUs from there, also when one of them is offline")
{
    House house;
    house.start({.pid = 42, .comm = "server"});
    house.kernel.has.all = *CpuSet::parse("0-2,4-7");
    house.kernel.has.offline = *CpuSet::parse("3");
    house.kernel.at(42).actual.set(Setting::cpus, cpus("0-2"));
    house.kernel.fork(42, 44).comm = "helper";
    house.pipeline.handle({Event::Kind::exec, Pid{44}, Tid{44}, ""}, house.now);
    house.pipeline.catch_up();
    CHECK(house.cpus_of(44) == "0-7");
    CHECK(house.outcome(42) == "applied: llc:0");
}

TEST_CASE("when all CPUs of a place go, the program gets another one")
{
    House house;
    house.start({.pid = 42, .comm = "server"});
    house.kernel.has.llc[2] = {.cpus = *CpuSet::parse("6-7"), .level = 3};
    house.kernel.has.llc.at(1).cpus = *CpuSet::parse("4-5");
    house.kernel.has.all = *CpuSet::parse("4-7");
    house.kernel.has.llc.at(0).cpus = {};
    house.kernel.at(42).actual.set(Setting::cpus, cpus("4-7"));  // as the kernel does it
    house.pipeline.on_cpu_change(house.now);
    CHECK(house.cpus_of(42) == "4-5");
    house.pipeline.restore(house.now);
    CHECK(house.cpus_of(42) == "0-7");
}

TEST_CASE("a server near the GPU that it has put to work")
{
    House house;
    house.kernel.has.gpus = {{"0000:01:00.0", *CpuSet::parse("0-3")}, {"0000:81:00.0", *CpuSet::parse("4-7")}};
    house.start({.pid = 42, .comm = "near"});
    CHECK(house.cpus_of(42) == "0-7");
    house.wait(10s);
    house.kernel.at(42).uses = {.gpu = true, .audio = false, .gpus = {"0000:81:00.0"}};
    house.pipeline.on_gpu_opened(house.now);
    house.wait(1s);
    CHECK(house.cpus_of(42) == "4-7");
    CHECK(house.outcome(42) == "applied: near its GPU 0000:81:00.0");
}

TEST_CASE("a server moves to the GPU that it opens after its start, without anybody being told")
{
    House house;
    house.kernel.has.gpus = {{"0000:81:00.0", *CpuSet::parse("4-7")}};
    house.start({.pid = 42, .comm = "server"});
    CHECK(house.cpus_of(42) == "0-3");
    house.kernel.at(42).uses = {.gpu = true, .audio = false, .gpus = {"0000:81:00.0"}};
    house.wait(1s);
    CHECK(house.cpus_of(42) == "4-7");
}

TEST_CASE("at its start no program is asked which GPUs it has open")
{
    House house;
    house.start({.pid = 42, .comm = "server"});
    house.wait(60s);
    CHECK_FALSE(house.kernel.at(42).read.contains(Fact::devices));  // and without GPUs nobody ever is
    house.kernel.has.gpus = {{"0000:81:00.0", *CpuSet::parse("4-7")}};
    house.start({.pid = 43, .comm = "server"});
    CHECK_FALSE(house.kernel.at(43).read.contains(Fact::devices));
    house.wait(1s);
    CHECK(house.kernel.at(43).read.contains(Fact::devices));
}

TEST_CASE("a child that a rule matches too gets a place of its own, another child goes where it wants")
{
    House house;
    house.start({.pid = 42, .comm = "server"});
    house.kernel.fork(42, 43);
    house.pipeline.handle({Event::Kind::exec, Pid{43}, Tid{43}, ""}, house.now);
    house.pipeline.catch_up();
    CHECK(house.cpus_of(43) == "4-7");
    house.kernel.fork(42, 44).comm = "helper";
    house.pipeline.handle({Event::Kind::exec, Pid{44}, Tid{44}, ""}, house.now);
    house.pipeline.catch_up();
    CHECK(house.cpus_of(44) == "0-7");
}

TEST_CASE("who is refused by the kernel takes nobody's place")
{
    House house;
    house.kernel.refuse(Setting::cpus);
    house.start({.pid = 42, .comm = "server"});
    house.start({.pid = 43, .comm = "server"});
    CHECK(house.cpus_of(43) == "0-3");
}

TEST_CASE("where somebody opens GPUs all the time, the looks become rare")
{
    FakeKernel kernel;
    Pipeline pipeline{world_of(kernel), live_knobs(),
                      layers_of(policy_of("[[rule]]\nname = \"client\"\nuses = \"gpu\"\nset = { nice = -1 }\n",
                                          "autogroup = false"))};
    Instant now{1h};
    kernel.add({.pid = 42, .comm = "client"});
    pipeline.handle({Event::Kind::exec, Pid{42}, Tid{42}, ""}, now);
    now += 600s;
    pipeline.run_due(now);
    int looks = 0;
    for (int second = 0; second < 600; ++second) {
        pipeline.on_gpu_opened(now);
        now += 1s;
        kernel.at(42).read = {};
        pipeline.run_due(now);
        looks += kernel.at(42).read.contains(Fact::devices) ? 1 : 0;
    }
    CHECK(looks < 40);
    CHECK(looks > 10);
}

TEST_CASE("programs that wait for a GPU are looked at when somebody opens one, and not otherwise")
{
    FakeKernel kernel;
    Pipeline pipeline{world_of(kernel), live_knobs(),
                      layers_of(policy_of("[[rule]]\nname = \"client\"\nuses = \"gpu\"\nset = { nice = -1 }\n",
                                          "autogroup = false"))};
    Instant now{1h};
    kernel.add({.pid = 42, .comm = "client"});
    pipeline.handle({Event::Kind::exec, Pid{42}, Tid{42}, ""}, now);
    now += 600s;
    pipeline.run_due(now);
    CHECK_FALSE(pipeline.deadline());
    kernel.at(42).uses.gpu = true;
    pipeline.on_gpu_opened(now);
    REQUIRE(pipeline.deadline());
    now = *pipeline.deadline();
    pipeline.run_due(now);
    CHECK(kernel.log == std::vector<std::string>{"42 nice=-1"});
    pipeline.on_gpu_opened(now);
    CHECK_FALSE(pipeline.deadline());
}
