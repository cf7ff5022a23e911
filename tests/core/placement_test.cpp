// SPDX-License-Identifier: GPL-3.0-or-later
/// Who gets which cache or node, on machines made of values.
#include "core/placement.hpp"

#include <cerrno>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace priorityd {
namespace {

using std::chrono::seconds;

CpuSet cpus(std::string_view list)
{
    return *CpuSet::parse(list);
}

/// 16 CPUs in two nodes, each with two caches of four: 0-3, 4-7, 8-11, 12-15.
Machine four_caches()
{
    Machine machine;
    machine.all = machine.possible = machine.performance = machine.efficiency = cpus("0-15");
    machine.numa = {{0, {.cpus = cpus("0-7"), .bytes = 0, .distances = {10, 21}}},
                    {1, {.cpus = cpus("8-15"), .bytes = 0, .distances = {21, 10}}}};
    machine.llc = {{0, {.cpus = cpus("0-3"), .level = 3}},
                   {1, {.cpus = cpus("4-7"), .level = 3}},
                   {2, {.cpus = cpus("8-11"), .level = 3}},
                   {3, {.cpus = cpus("12-15"), .level = 3}}};
    return machine;
}

/// A machine and who is on it.
class House {
public:
    /// "CPUS (because)", or the error.
    std::string place(int pid, const char* name, int busy_threads = 1, std::vector<std::string> gpus = {})
    {
        const auto place = placement.place(
            machine, {.process = {Pid{pid}, 1}, .name = {name}, .busy_threads = busy_threads, .gpus = std::move(gpus)},
            now);
        return place ? place->cpus.to_text() + " (" + place->because + ")" : place.error().doing;
    }
    void end(int pid) { placement.release(Pid{pid}, now); }
    std::vector<Pid> after(seconds time)
    {
        now += time;
        return placement.take_due(now);
    }

    Machine machine = four_caches();
    Placement placement;
    Instant now{};
};

}  // namespace

TEST_CASE("four servers get four caches, the nodes in turn")
{
    House house;
    CHECK(house.place(1, "llc:auto") == "0-3 (llc:0)");
    CHECK(house.place(2, "llc:auto") == "8-11 (llc:2)");
    CHECK(house.place(3, "llc:auto") == "4-7 (llc:1)");
    CHECK(house.place(4, "llc:auto") == "12-15 (llc:3)");
}

TEST_CASE("who comes when all are taken shares, and says so")
{
    House house;
    for (int pid = 1; pid <= 4; ++pid)
        house.place(pid, "llc:auto");
    CHECK(house.place(5, "llc:auto") == "0-3 (llc:0, shared with 1 more: none is free)");
    CHECK(house.place(6, "llc:auto") == "8-11 (llc:2, shared with 1 more: none is free)");
}

TEST_CASE("a program keeps what it has")
{
    House house;
    house.place(1, "llc:auto");
    CHECK(house.place(2, "llc:auto") == "8-11 (llc:2)");
    house.end(1);
    CHECK(house.place(2, "llc:auto") == "8-11 (llc:2)");
}

TEST_CASE("who had to share is looked at when a place becomes free, and moves within its node")
{
    House house;
    for (int pid = 1; pid <= 5; ++pid)
        house.place(pid, "llc:auto");
    house.after(seconds{100});
    house.end(3);
    CHECK(house.after(seconds{0}) == std::vector{Pid{1}, Pid{5}});
    CHECK(house.place(1, "llc:auto") == "0-3 (llc:0, shared with 1 more)");
    CHECK(house.place(5, "llc:auto") == "4-7 (llc:1)");
    CHECK(house.place(1, "llc:auto") == "0-3 (llc:0)");
}

TEST_CASE("who shares moves to where fewer are, also where nothing is quite free")
{
    House house;
    house.place(1, "numa:auto");
    house.place(2, "numa:auto");
    for (int pid = 3; pid <= 7; ++pid)
        house.place(pid, "llc:auto");
    CHECK(house.place(7, "llc:auto") == "0-3 (llc:0, shared with 2 more: none is free)");
    house.end(5);
    CHECK(house.place(7, "llc:auto") == "4-7 (llc:1, shared with 1 more: none is free)");
    CHECK(house.place(3, "llc:auto") == "0-3 (llc:0, shared with 1 more: none is free)");
}

TEST_CASE("nobody moves away from the node that its memory is on")
{
    House house;
    for (int pid = 1; pid <= 5; ++pid)
        house.place(pid, "llc:auto");
    house.end(2);
    CHECK(house.place(5, "llc:auto") == "0-3 (llc:0, shared with 1 more)");
    CHECK(house.place(6, "llc:auto") == "8-11 (llc:2)");
}

TEST_CASE("where both nodes have something free, who shares stays on its own")
{
    House house;
    for (int pid = 1; pid <= 5; ++pid)
        house.place(pid, "llc:auto");
    house.end(2);
    house.end(3);
    house.end(4);
    CHECK(house.place(5, "llc:auto") == "4-7 (llc:1)");
}

TEST_CASE("who has several keeps them, also when one is shared")
{
    House house;
    for (int pid = 1; pid <= 3; ++pid)
        house.place(pid, "llc:auto");
    CHECK(house.place(4, "llc:auto", 6) ==
          "8-15 (llc:3, llc:2 for 6 threads at work, shared with 1 more: none is free)");
    house.end(1);
    CHECK(house.place(4, "llc:auto", 6) == "8-15 (llc:2, llc:3 for 6 threads at work, shared with 1 more)");
}

TEST_CASE("free caches come before near ones")
{
    House house;
    house.place(1, "llc:auto");
    house.place(2, "llc:auto");
    house.place(3, "llc:auto");
    CHECK(house.place(1, "llc:auto", 5) == "0-3,12-15 (llc:0, llc:3 for 5 threads at work)");
}

TEST_CASE("more threads at work than a cache has CPUs get several caches, of the same node first")
{
    House house;
    CHECK(house.place(1, "llc:auto", 5) == "0-7 (llc:0, llc:1 for 5 threads at work)");
    CHECK(house.place(2, "llc:auto", 4) == "8-11 (llc:2)");
    CHECK(house.place(2, "llc:auto", 6) == "8-15 (llc:2, llc:3 for 6 threads at work)");
}

TEST_CASE("who has grown once does not shrink when it rests")
{
    House house;
    house.place(1, "llc:auto", 5);
    CHECK(house.place(1, "llc:auto", 1) == "0-7 (llc:0, llc:1)");
}

TEST_CASE("who needs the whole machine is left everywhere, and has no place that others would avoid")
{
    House house;
    CHECK(house.place(1, "llc:auto", 13) == "13 threads at work need every L3 cache");
    CHECK(house.place(2, "llc:auto") == "0-3 (llc:0)");
    CHECK(house.placement
              .place(house.machine, {.process = {Pid{1}, 1}, .name = {"llc:auto"}, .busy_threads = 99, .gpus = {}}, {})
              .error()
              .code == EBUSY);
}

TEST_CASE("who needs it all for a moment is looked at again, and others do not wait for that")
{
    House house;
    house.place(1, "llc:auto", 13);
    CHECK(house.after(seconds{1}) == std::vector{Pid{1}});
    CHECK(house.place(1, "llc:auto", 2) == "0-3 (llc:0)");
}

TEST_CASE("what an earlier priorityd has chosen stays")
{
    House house;
    const auto place = house.placement.place(
        house.machine,
        {.process = {Pid{1}, 1}, .name = {"llc:auto"}, .busy_threads = 1, .gpus = {}, .has = cpus("8-11")}, house.now);
    REQUIRE(place);
    CHECK(place->because == "llc:2");
}

TEST_CASE("who cannot have its place for a while leaves it to others, and is looked at")
{
    House house;
    house.place(1, "llc:auto");
    house.placement.suspend(Pid{1}, house.now);
    CHECK(house.place(2, "llc:auto") == "0-3 (llc:0)");
    CHECK(house.after(seconds{1}) == std::vector{Pid{1}, Pid{2}});
    house.placement.suspend(Pid{3}, house.now);
    CHECK(house.after(seconds{1000}).size() == 2);
}

TEST_CASE("nodes are spread over programs likewise")
{
    House house;
    CHECK(house.place(1, "numa:auto") == "0-7 (numa:0)");
    CHECK(house.place(2, "numa:auto") == "8-15 (numa:1)");
    CHECK(house.place(3, "numa:auto", 8) == "0-7 (numa:0, shared with 1 more: none is free)");
    CHECK(house.place(4, "numa:auto", 9) == "9 threads at work need every NUMA node with CPUs");
}

TEST_CASE("a cache on a node that somebody has is not free")
{
    House house;
    house.place(1, "numa:auto");
    CHECK(house.place(2, "llc:auto") == "8-11 (llc:2)");
}

TEST_CASE("larger caches come first, and of equal ones the faster")
{
    House house;
    house.machine.llc.at(1).bytes = 96;
    house.machine.llc.at(3).speed = 200;
    CHECK(house.place(1, "llc:auto") == "4-7 (llc:1)");
    CHECK(house.place(2, "llc:auto") == "12-15 (llc:3)");
}

TEST_CASE("of caches that are equally free the one near the program's GPU comes first")
{
    House house;
    house.machine.gpus = {{"0000:01:00.0", cpus("0-7")}, {"0000:81:00.0", cpus("8-15")}};
    CHECK(house.place(1, "llc:auto", 1, {"0000:81:00.0"}) == "8-11 (llc:2)");
    CHECK(house.place(2, "llc:auto", 1, {"0000:81:00.0"}) == "12-15 (llc:3)");
    CHECK(house.place(3, "llc:auto", 1, {"0000:81:00.0"}) == "0-3 (llc:0)");
}

TEST_CASE("when a program puts a GPU to work it moves there once, and not again for another one")
{
    House house;
    house.machine.gpus = {{"0000:01:00.0", cpus("0-7")}, {"0000:81:00.0", cpus("8-15")}};
    CHECK(house.place(1, "llc:auto") == "0-3 (llc:0)");
    CHECK(house.place(1, "llc:auto", 1, {"0000:81:00.0"}) == "8-11 (llc:2)");
    CHECK(house.place(1, "llc:auto", 1, {"0000:01:00.0"}) == "8-11 (llc:2)");
}

TEST_CASE("an L2 is nobody's")
{
    House house;
    for (auto& [number, cache] : house.machine.llc)
        cache.level = 2;
    CHECK(house.place(1, "llc:auto") == "the machine has no L3 cache to choose");
}

TEST_CASE("slivers and caches of slow CPUs alone are nobody's")
{
    House house;
    house.machine.performance = cpus("0-3,8-15");
    house.machine.llc.at(3).cpus = cpus("12");
    CHECK(house.place(1, "llc:auto") == "0-3 (llc:0)");
    CHECK(house.place(2, "llc:auto") == "8-11 (llc:2)");
    CHECK(house.place(3, "llc:auto") == "0-3 (llc:0, shared with 1 more: none is free)");
}

TEST_CASE("a machine with one cache, or none that the system tells of, has nothing to choose")
{
    House house;
    house.machine.llc = {{0, {.cpus = cpus("0-15"), .level = 3}}};
    CHECK(house.place(1, "llc:auto") == "the machine has only one L3 cache to choose");
    house.machine.llc.clear();
    CHECK(house.place(1, "llc:auto") == "the machine has no L3 cache to choose");
    house.machine.numa.erase(1);
    CHECK(house.place(1, "numa:auto") == "the machine has only one NUMA node with CPUs to choose");
}

TEST_CASE("memory without CPUs of its own is no node to choose")
{
    House house;
    house.machine.numa[2] = {.cpus = cpus("0-15"), .bytes = 1, .distances = {}};
    house.machine.numa[3] = {.cpus = {}, .bytes = 1, .distances = {}};
    house.place(1, "numa:auto");
    house.place(2, "numa:auto");
    CHECK(house.place(3, "numa:auto") == "0-7 (numa:0, shared with 1 more: none is free)");
}

TEST_CASE("near a GPU: that of the program, as far as it is known, else any")
{
    House house;
    CHECK(house.place(1, "gpu-local") == "gpu-local: no GPU here");
    house.machine.gpus = {{"0000:01:00.0", cpus("0-7")}};
    CHECK(house.place(1, "gpu-local") == "0-7 (near the GPUs of this machine)");
    house.machine.gpus = {{"0000:01:00.0", cpus("0-7")}, {"0000:81:00.0", cpus("8-15")}};
    CHECK(house.place(1, "gpu-local", 1, {"0000:81:00.0"}) == "8-15 (near its GPU 0000:81:00.0)");
    CHECK(house.place(1, "gpu-local", 9, {"0000:81:00.0"}) ==
          "9 threads at work need more than the 8 CPUs near the GPU");
    CHECK(house.place(1, "gpu-local", 1, {"0000:c1:00.0"}) ==
          "where its GPU 0000:c1:00.0 is, the system does not tell");
    CHECK(house.place(1, "gpu-local") == "the GPU is as near to every CPU, or the firmware does not say where it is");
    CHECK(house.placement.deadline());  // its own may be nearer, once it is known
    house.machine.gpus = {{"0000:01:00.0", cpus("0-15")}};
    house.place(1, "gpu-local");
    CHECK_FALSE(house.placement.deadline());
}

TEST_CASE("when CPUs go, what is left of a cache stays with whom it had; when all go, another one is found")
{
    House house;
    house.place(1, "llc:auto");
    house.place(2, "llc:auto");
    house.machine.llc.at(0).cpus = cpus("0-1");
    CHECK(house.place(1, "llc:auto") == "0-1 (llc:0)");
    house.machine.llc.at(0).cpus = {};
    CHECK(house.place(1, "llc:auto") == "4-7 (llc:1)");
}

TEST_CASE("each is looked at after a second, and then at longer and longer intervals up to a minute")
{
    House house;
    CHECK_FALSE(house.placement.deadline());
    house.place(1, "llc:auto");
    std::vector<long> pauses;
    for (int look = 0; look < 9; ++look) {
        const auto due = *house.placement.deadline();
        pauses.push_back(std::chrono::duration_cast<seconds>(due - house.now).count());
        CHECK(house.after(std::chrono::duration_cast<seconds>(due - house.now)) == std::vector{Pid{1}});
        CHECK(house.after(seconds{0}).empty());
    }
    CHECK(pauses == std::vector<long>{1, 1, 2, 4, 8, 16, 32, 60, 60});
    house.end(1);
    CHECK_FALSE(house.placement.deadline());
}

TEST_CASE("a pid that another process has got is another process")
{
    House house;
    house.place(1, "llc:auto", 5);
    const auto place = house.placement.place(
        house.machine, {.process = {Pid{1}, 2}, .name = {"llc:auto"}, .busy_threads = 1, .gpus = {}}, house.now);
    CHECK(place->because == "llc:0");
}

}  // namespace priorityd
