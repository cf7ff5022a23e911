// SPDX-License-Identifier: GPL-3.0-or-later
/// Watching processes that a test makes: when it is done, whom it costs something for, and what comes of it.
#include "core/scoring/behaviour_watch.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace priorityd;
using namespace std::chrono_literals;

namespace {

/// Processes that use as much as a test says, second by second.
class FakeUsage final : public UsageSource {
public:
    struct Fake {
        Sighting sighting;
        double cpus = 0;
        double sleeps = 0;  // a second
        double children_cpus = 0;
    };

    [[nodiscard]] std::vector<Pid> list() override
    {
        ++lists;
        std::vector<Pid> pids;
        for (const auto& [pid, fake] : processes)
            pids.push_back(Pid{pid});
        return pids;
    }
    [[nodiscard]] std::optional<std::chrono::nanoseconds> cpu_time(Pid pid) override
    {
        const auto found = processes.find(raw(pid));
        return found == processes.end() ? std::nullopt : std::optional{found->second.sighting.usage.run};
    }
    [[nodiscard]] Result<Sighting> look_at(Pid pid) override
    {
        looked_at.push_back(raw(pid));
        cost += cost_of_a_look;
        const auto found = processes.find(raw(pid));
        if (found == processes.end())
            return failure(ESRCH, "look");
        found->second.sighting.usage.when = now;
        return found->second.sighting;
    }
    [[nodiscard]] std::chrono::nanoseconds spent() override { return cost; }

    Fake& add(int pid, double cpus, double sleeps)
    {
        Fake fake{.sighting = {.key = {Pid{pid}, 1}}, .cpus = cpus, .sleeps = sleeps};
        return processes[pid] = fake;
    }
    void pass(Instant::duration time)
    {
        now += time;
        const double seconds = std::chrono::duration<double>(time).count();
        for (auto& [pid, fake] : processes) {
            auto& usage = fake.sighting.usage;
            usage.run += std::chrono::nanoseconds{static_cast<std::int64_t>(fake.cpus * seconds * 1e9)};
            usage.children_run +=
                std::chrono::nanoseconds{static_cast<std::int64_t>(fake.children_cpus * seconds * 1e9)};
            usage.sleeps += static_cast<std::uint64_t>(fake.sleeps * seconds);
            usage.turns = usage.sleeps;
        }
    }

    std::map<int, Fake> processes;
    std::vector<int> looked_at;
    int lists = 0;
    Instant now{1h};
    std::chrono::nanoseconds cost{};
    std::chrono::nanoseconds cost_of_a_look{};
};

struct Watch {
    FakeUsage usage;
    BehaviourWatch watch{usage};
    bool has_pressure = true;

    /// As the daemon's loop would do it.
    void run(Instant::duration time)
    {
        const Instant end = usage.now + time;
        while (usage.now < end) {
            if (has_pressure)
                watch.note_pressure(usage.now);
            const auto due = watch.deadline(usage.now);
            const Instant next = std::min(end, due.value_or(end));
            usage.pass(std::max(next - usage.now, Instant::duration{}));
            if (due && *due <= usage.now)
                watch.run_due(usage.now);
        }
    }
    [[nodiscard]] std::string vote(int pid, const std::string& exe = "/usr/bin/x")
    {
        Snapshot process;
        process.key = {Pid{pid}, 1};
        process.exe = exe;
        std::vector<Vote> votes;
        watch.advise(process, votes);
        return votes.empty() ? "" : votes.front().advice.program_class;
    }
};

}  // namespace

TEST_CASE("while nobody waits there is nothing to do")
{
    Watch man;
    man.usage.add(1, 1, 0);
    man.has_pressure = false;
    man.run(1min);
    CHECK_FALSE(man.watch.deadline(man.usage.now));
    CHECK(man.usage.lists == 0);
}

TEST_CASE("what a process looks like is known within two seconds of pressure, and stays known without")
{
    Watch man;
    man.usage.add(1, 1, 0);
    man.usage.add(2, 0.02, 10);
    man.run(2s);
    CHECK(man.vote(1) == "batch");
    CHECK(man.vote(2) == "interactive");
    man.has_pressure = false;
    man.run(10s);
    CHECK_FALSE(man.watch.deadline(man.usage.now));
    const int lists = man.usage.lists;
    man.run(1min);
    CHECK(man.usage.lists == lists);
    CHECK(man.vote(1) == "batch");
}

TEST_CASE("only those that do anything are looked at closely, and those that start children")
{
    Watch man;
    for (int pid = 1; pid <= 500; ++pid)
        man.usage.add(pid, 0, 0);
    man.usage.add(7, 1, 0);
    man.run(3s);
    CHECK(std::ranges::all_of(man.usage.looked_at, [](int pid) { return pid == 7; }));
    man.usage.add(600, 0.5, 1).sighting.parent = Pid{9};
    man.usage.processes[9].children_cpus = 0.5;
    man.run(3s);
    CHECK(std::ranges::count(man.usage.looked_at, 9) > 1);
    CHECK(std::ranges::count(man.usage.looked_at, 10) == 0);
    CHECK(man.vote(9) == "build");
}

TEST_CASE("threads of the kernel are left out")
{
    Watch man;
    man.usage.add(2, 1, 0).sighting.is_kernel_thread = true;
    man.run(5s);
    CHECK(man.usage.looked_at == std::vector{2});
    CHECK(man.vote(2) == "");
}

TEST_CASE("the dearer a round is the longer the next one waits")
{
    const auto lists_in_a_minute = [](std::chrono::nanoseconds cost) {
        Watch man;
        man.usage.add(1, 1, 0);
        man.usage.cost_of_a_look = cost;
        man.run(1min);
        return man.usage.lists;
    };
    CHECK(lists_in_a_minute(1us) >= 60);
    CHECK(lists_in_a_minute(10ms) <= 17);  // three seconds each, then five
}

TEST_CASE("who says after each round that somebody waits is heard, however long the rounds are apart")
{
    Watch man;
    man.usage.add(1, 1, 0);
    man.usage.cost_of_a_look = 30ms;  // nine seconds from round to round, then fifteen
    man.watch.note_pressure(man.usage.now);
    man.has_pressure = false;
    for (int i = 0; i < 10; ++i) {
        for (int j = 0; j < 20 && !man.watch.take_round(); ++j)
            man.run(1s);
        REQUIRE(man.watch.deadline(man.usage.now));
        man.watch.note_pressure(man.usage.now);
    }
    man.run(40s);
    CHECK_FALSE(man.watch.deadline(man.usage.now));
}

TEST_CASE("a program that another has replaced is looked at anew, and so is another process with its pid")
{
    Watch man;
    man.usage.add(1, 1, 0);
    man.run(3s);
    CHECK(man.vote(1) == "batch");
    CHECK(man.vote(1, "/usr/bin/y") == "");
    CHECK(man.vote(1, "/usr/bin/y") == "");
    man.run(3s);
    CHECK(man.vote(1, "/usr/bin/y") == "batch");
    man.usage.processes[1].sighting.key.start_ticks = 2;
    CHECK(man.vote(1, "/usr/bin/y") == "batch");  // of the one that has just ended
    man.run(1s);
    CHECK(man.vote(1, "/usr/bin/y") == "");
}

TEST_CASE("a program that renders or plays is not taken for one that nobody waits for")
{
    Watch man;
    man.usage.add(1, 1, 0);
    man.run(3s);
    Snapshot process;
    process.key = {Pid{1}, 1};
    process.exe = "/usr/bin/x";
    CHECK(man.watch.needs(process).contains(Fact::devices));
    process.uses.gpu = true;
    std::vector<Vote> votes;
    man.watch.advise(process, votes);
    CHECK(votes.empty());
}

TEST_CASE("the class of what changes all the time changes once a minute at most")
{
    Watch man;
    auto& fake = man.usage.add(1, 1, 0);
    std::vector<std::pair<Instant, std::string>> classes;
    for (int i = 0; i < 60; ++i) {
        fake.cpus = i % 2 == 0 ? 1 : 0.02;
        fake.sleeps = i % 2 == 0 ? 0 : 10;
        man.usage.processes[1].cpus = fake.cpus;
        man.run(10s);
        const auto now = man.vote(1);
        if (classes.empty() || classes.back().second != now)
            classes.emplace_back(man.usage.now, now);
    }
    REQUIRE(classes.size() > 1);
    for (std::size_t i = 1; i < classes.size(); ++i)
        CHECK(classes[i].first - classes[i - 1].first >= 1min - 10s);  // it is looked at every ten seconds
}

TEST_CASE("a change of class takes evidence that lasts")
{
    SettledAdvice settled;
    const Advice batch{"batch", 0.5, "a"};
    const Advice media{"media", 0.5, "b"};
    Instant now{1h};
    CHECK(settled.note(batch, now));
    CHECK_FALSE(settled.note(std::nullopt, now));
    CHECK_FALSE(settled.note(batch, now + 1s));
    CHECK_FALSE(settled.note(media, now + 2min));
    CHECK_FALSE(settled.note(batch, now + 2min + 2s));
    CHECK_FALSE(settled.note(media, now + 2min + 4s));
    CHECK_FALSE(settled.note(media, now + 2min + 8s));
    CHECK(settled.note(media, now + 2min + 9s));
    CHECK(settled.held()->program_class == "media");
}
