// SPDX-License-Identifier: GPL-3.0-or-later
/// The guard on rounds that a test makes: who is lowered for whom, how far, and for how long.
#include "core/scoring/guard.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/fake_world.hpp"

using namespace priorityd;
using namespace std::chrono_literals;

namespace {

ProcessKey key_of(int pid)
{
    return {Pid{pid}, 1};
}

/// One that runs for `cpus` whenever it may.
Participant hog(int pid, double cpus = 1)
{
    Participant one;
    one.seen.sighting.key = key_of(pid);
    one.seen.sighting.comm = "hog";
    one.seen.sighting.nice = Nice::make(0);
    one.seen.sighting.sched = SchedPolicy{};
    one.seen.usage = {.cpus = cpus, .delayed = 1, .turns = 300, .burst = 50ms};
    one.seen.manner = Manner::hog;
    return one;
}

/// One with a hundred turns a second, for each of which it waits so long.
Participant editor(int pid, std::chrono::microseconds wait)
{
    auto one = hog(pid);
    one.seen.sighting.comm = "editor";
    one.seen.usage = {.cpus = 0.05,
                      .delayed = std::chrono::duration<double>(wait).count() * 100,
                      .turns = 100,
                      .wakeups = 100,
                      .burst = 1ms};
    one.seen.manner = Manner::interactive;
    return one;
}

/// A guard, and the time.
struct Watchman {
    Guard guard;
    Instant now{1h};
    std::set<ProcessKey> ended;

    void round(std::vector<Participant> active, Instant::duration later = 500ms)
    {
        now += later;
        guard.consider({std::move(active), [this](const ProcessKey& one) { return !ended.contains(one); }}, now);
    }
    /// "" where nothing is done.
    [[nodiscard]] std::string step(int pid) const
    {
        const auto* restraint = guard.restraint_on(key_of(pid));
        return restraint ? std::string{to_text(restraint->step)} : "";
    }
    /// Two rounds in which the editor, 1, waits for the hog, 2.
    void begin()
    {
        round({editor(1, 2ms), hog(2)});
        round({editor(1, 2ms), hog(2)});
    }
};

}  // namespace

TEST_CASE("who keeps others waiting is lowered once they have waited for two rounds")
{
    Watchman man;
    man.round({editor(1, 2ms), hog(2)});
    CHECK(man.step(2) == "");
    man.round({editor(1, 2ms), hog(2)});
    CHECK(man.step(2) == "weight");
    CHECK(man.step(1) == "");
    CHECK(man.guard.take_news() == std::vector{Pid{2}});
    CHECK(man.guard.restraint_on(key_of(2))->because ==
          "step weight: editor (1) waited 2.00 ms for each turn, to be measured");
}

TEST_CASE("the step that has helped is kept, with what was measured")
{
    Watchman man;
    man.begin();
    man.round({editor(1, 20us), hog(2)});
    CHECK(man.step(2) == "weight");
    CHECK(man.guard.restraint_on(key_of(2))->because ==
          "step weight: editor (1) waited 2.00 ms for each turn, 0.02 ms since");
    CHECK(man.guard.tally().helped == 1);
    for (int i = 0; i < 20; ++i)
        man.round({editor(1, 20us), hog(2)});
    CHECK(man.step(2) == "weight");
    CHECK(man.guard.tally().episodes == 1);
}

TEST_CASE("while they still wait the next step is taken")
{
    Watchman man;
    man.begin();
    man.round({editor(1, 1ms), hog(2)});
    CHECK(man.step(2) == "batch");
    man.round({editor(1, 500us), hog(2)});
    CHECK(man.step(2) == "idle");
    man.round({editor(1, 30us), hog(2)});
    CHECK(man.step(2) == "idle");
    CHECK(man.guard.is_holding());
}

TEST_CASE("a deeper step that is no better is taken back")
{
    Watchman man;
    man.begin();
    man.round({editor(1, 400us), hog(2)});
    man.round({editor(1, 390us), hog(2)});
    man.round({editor(1, 395us), hog(2)});
    CHECK(man.step(2) == "weight");
    CHECK(man.guard.tally().helped == 1);
}

TEST_CASE("what does not help is undone, and the suspect left alone for a minute")
{
    Watchman man;
    man.begin();
    for (int i = 0; i < 3; ++i)
        man.round({editor(1, 2ms), hog(2)});
    CHECK(man.step(2) == "");
    CHECK(man.guard.tally().undone == 1);
    for (int i = 0; i < 30; ++i)
        man.round({editor(1, 2ms), hog(2)}, 1s);
    CHECK(man.step(2) == "");
    for (int i = 0; i < 40; ++i)
        man.round({editor(1, 2ms), hog(2)}, 1s);
    CHECK(man.guard.tally().episodes > 1);
}

TEST_CASE("when those who waited have ended all is taken back at once")
{
    Watchman man;
    man.begin();
    man.round({editor(1, 20us), hog(2)});
    CHECK_FALSE(man.guard.take_news().empty());
    man.ended.insert(key_of(1));
    man.round({hog(2)});
    CHECK(man.step(2) == "");
    CHECK_FALSE(man.guard.is_holding());
    CHECK(man.guard.take_news() == std::vector{Pid{2}});
}

TEST_CASE("who has waited a little beside the one that ends does not keep it up")
{
    Watchman man;
    auto shell = editor(3, 2ms);
    shell.seen.usage.turns = 5;
    shell.seen.usage.delayed = 0.01;
    man.round({editor(1, 2ms), hog(2), shell});
    man.round({editor(1, 2ms), hog(2), shell});
    shell.seen.usage.delayed = 0;
    man.round({editor(1, 20us), hog(2), shell});
    CHECK(man.step(2) == "weight");
    man.ended.insert(key_of(1));
    man.round({hog(2), shell});
    CHECK(man.step(2) == "");
}

TEST_CASE("when they only rest it is held for a while, and longer each time they come back soon")
{
    Watchman man;
    const auto seconds_held = [&] {
        int rounds = 0;
        for (; man.guard.is_holding(); ++rounds)
            man.round({hog(2)}, 1s);
        return rounds;
    };
    man.begin();
    man.round({editor(1, 20us), hog(2)});
    const int first = seconds_held();
    CHECK(first >= 3);
    man.begin();
    man.round({editor(1, 20us), hog(2)});
    const int second = seconds_held();
    CHECK(second > first);
    for (int i = 0; i < 90; ++i)
        man.round({hog(2)}, 1s);
    man.begin();
    man.round({editor(1, 20us), hog(2)});
    CHECK(seconds_held() == first);
}

TEST_CASE("the program with the focus is never lowered, and waits as one that somebody uses")
{
    Watchman man;
    auto focused = hog(3);
    focused.standing.is_foreground = true;
    focused.seen.usage.delayed = 0.3;
    man.round({focused, hog(2)});
    man.round({focused, hog(2)});
    CHECK(man.step(3) == "");
    CHECK(man.step(2) == "weight");
    CHECK(man.guard.restraint_on(key_of(2))->spared == std::vector{key_of(3)});
    auto now_focused = hog(2);
    now_focused.standing.is_foreground = true;
    man.round({hog(3), now_focused});
    CHECK(man.step(2) == "");
}

TEST_CASE("the guard leaves alone who is spoken for, raised, real-time, interactive, or lowered by a person")
{
    auto ruled = hog(2);
    ruled.standing.is_spoken_for = true;
    auto raised = hog(3);
    raised.standing.is_raised = true;
    auto realtime = hog(4);
    realtime.seen.sighting.sched = SchedPolicy{.kind = SchedPolicy::Kind::fifo, .priority = 1};
    auto deadline = hog(5);
    deadline.seen.sighting.sched.reset();
    auto player = hog(6);
    player.seen.manner = Manner::periodic;
    auto niced = hog(7);
    niced.seen.sighting.nice = Nice::make(5);
    auto small = hog(8, 0.05);
    small.seen.usage.delayed = 0.05;
    Watchman man;
    for (int i = 0; i < 4; ++i)
        man.round({editor(1, 2ms), ruled, raised, realtime, deadline, player, niced, small});
    CHECK_FALSE(man.guard.is_holding());
    CHECK(man.guard.take_news().empty());

    niced.standing.is_decided = true;  // by an engine, so that it is priorityd's own value
    man.round({editor(1, 2ms), niced});
    CHECK(man.step(7) == "weight");
}

TEST_CASE("a restraint ends when a person or a rule takes the process in hand")
{
    Watchman man;
    man.begin();
    auto taken = hog(2);
    taken.standing.is_spoken_for = true;
    man.round({editor(1, 20us), taken});
    CHECK(man.step(2) == "");
}

TEST_CASE("nobody is lowered for a program that a rule knows and does not raise")
{
    auto compiler = editor(1, 2ms);
    compiler.standing.is_spoken_for = true;
    Watchman man;
    for (int i = 0; i < 4; ++i)
        man.round({compiler, hog(2)});
    CHECK_FALSE(man.guard.is_holding());
}

TEST_CASE("raised programs are helped too, whatever they look like")
{
    auto game = hog(1);
    game.standing.is_raised = true;
    game.seen.usage.delayed = 0.6;
    Watchman man;
    man.round({game, hog(2)});
    man.round({game, hog(2)});
    CHECK(man.step(2) == "weight");
    CHECK(man.step(1) == "");
}

TEST_CASE("others that become busy later are restrained likewise")
{
    Watchman man;
    man.begin();
    man.round({editor(1, 20us), hog(2)});
    man.round({editor(1, 2ms), hog(2), hog(3)});
    CHECK(man.step(3) == "");
    man.round({editor(1, 2ms), hog(2), hog(3)});
    CHECK(man.step(3) == "weight");
}

TEST_CASE("there are no more than eight steps in twenty seconds, whatever happens")
{
    Watchman man;
    std::size_t news = 0;
    for (int i = 0; i < 40; ++i) {
        man.ended.clear();
        man.begin();
        man.ended.insert(key_of(1));
        man.round({hog(2)}, 0ms);
        news += man.guard.take_news().size();
    }
    CHECK(news > 8);
    CHECK(man.guard.tally().episodes <= 8 * 3);
}

TEST_CASE("what the guard does is shown as an engine's, below every rule, and taken back")
{
    test::FakeKernel kernel;
    Pipeline pipeline{test::world_of(kernel), test::live_knobs(),
                      test::layers_of(test::policy_of(
                          "[class.slow]\nnice = 5\n[class.usual]\n[programs]\nruled = \"slow\"\nknown = \"usual\"\n"))};
    kernel.add({.pid = 42, .comm = "hog", .exe = "/home/a/hog", .session = 7});
    kernel.add({.pid = 43, .comm = "ruled", .exe = "/home/a/ruled", .session = 8});
    kernel.add({.pid = 41, .comm = "sh", .exe = "/bin/sh", .session = 7});
    kernel.add({.pid = 40, .comm = "known", .exe = "/bin/known", .session = 7});
    const ProcessKey hog{Pid{42}, 1};
    const ProcessKey ruled{Pid{43}, 1};
    const auto value = [&](int pid, Setting setting) { return to_text(*kernel.at(pid).actual.find(setting)); };
    kernel.restraints[hog] = {Step::batch, "step batch: for a test"};
    kernel.restraints[ruled] = {Step::batch, "step batch: for a test"};
    pipeline.look_again(std::vector{Pid{40}, Pid{42}, Pid{43}}, Instant{});
    CHECK(value(42, Setting::nice) == "19");
    CHECK(value(42, Setting::sched) == "batch");
    CHECK(value(43, Setting::nice) == "5");
    CHECK(pipeline.standing_of(ruled).is_spoken_for);
    CHECK_FALSE(pipeline.standing_of(hog).is_spoken_for);
    const auto explanation = *pipeline.explain(Pid{42}, {});
    CHECK(explanation.rows.front().source == "engine guard");
    CHECK(explanation.rows.front().because == "step batch: for a test");
    pipeline.run_due(Instant{1s});
    CHECK(kernel.autogroups[7] == 19);  // although its shell was not lowered
    kernel.restraints[hog].spared = {ProcessKey{Pid{41}, 1}};
    pipeline.look_again(std::vector{Pid{42}}, Instant{1s});
    pipeline.run_due(Instant{2s});
    CHECK(kernel.autogroups[7] == 0);  // it is the shell that shall wait less

    kernel.restraints.clear();
    pipeline.look_again(std::vector{Pid{42}}, Instant{2s});
    pipeline.run_due(Instant{3s});
    CHECK(value(42, Setting::nice) == "0");
    CHECK(value(42, Setting::sched) == "other");
    CHECK(kernel.autogroups[7] == 0);
}
