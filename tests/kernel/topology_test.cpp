// SPDX-License-Identifier: GPL-3.0-or-later
/// Sets of CPUs by name, on described machines.
#include "kernel/topology.hpp"

#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

#include "temporary_folder.hpp"

namespace priorityd::kernel {

namespace {

/// Two nodes with two caches of two cores of two threads each: CPUs 0-15.
constexpr const char* kServer = "numa:2 l3:2 core:2 pu:2";

Result<CpuSet> find(Topology& topology, const CpuSetName& name)
{
    const auto machine = topology.machine();
    return machine ? find_set(**machine, name) : tl::unexpected(machine.error());
}

std::string resolved(Topology& topology, std::string_view name)
{
    const auto set = find(topology, *CpuSetName::make(name));
    return set ? set->to_text() : "error: " + set.error().doing;
}

/// A recorded machine in the kernel's own format: one core a CPU, all in one package and one last-level cache.
class RecordedMachine {
public:
    explicit RecordedMachine(int cpus) : cpus_{cpus}
    {
        const std::string all = "0-" + std::to_string(cpus - 1);
        for (const char* list : {"online", "possible", "present"})
            folder_.write(cpu_folder_ / list, all + "\n");
        for (int cpu = 0; cpu < cpus; ++cpu)
            add_cpu(cpu);
    }
    [[nodiscard]] Topology topology() const { return Topology{{.synthetic = {}, .root = folder_.path()}}; }
    /// A line into a file below the root.
    void write(const std::string& file, const std::string& line) const { folder_.write(file, line + "\n"); }
    void write_cpu(int cpu, const std::string& file, const std::string& text) const
    {
        folder_.write(cpu_folder_ / ("cpu" + std::to_string(cpu)) / file, text + "\n");
    }
    void take_offline(int cpu) const
    {
        write_cpu(cpu, "online", "0");
        auto rest = *CpuSet::parse("0-" + std::to_string(cpus_ - 1));
        CpuSet gone;
        gone.add(cpu);
        folder_.write(cpu_folder_ / "online", rest.minus(gone).to_text() + "\n");
        folder_.write(cpu_folder_ / "offline", gone.to_text() + "\n");
    }
    void isolate(const std::string& list) const { folder_.write(cpu_folder_ / "isolated", list + "\n"); }

private:
    static std::string mask(unsigned bits)
    {
        char text[16];
        std::snprintf(text, sizeof text, "%08x", bits);
        return text;
    }
    void add_cpu(int cpu) const
    {
        const unsigned all = (1U << cpus_) - 1;
        for (const char* file : {"topology/thread_siblings", "topology/core_cpus"})
            write_cpu(cpu, file, mask(1U << cpu));
        for (const char* file : {"topology/core_siblings", "topology/package_cpus"})
            write_cpu(cpu, file, mask(all));
        write_cpu(cpu, "topology/core_id", std::to_string(cpu));
        write_cpu(cpu, "topology/physical_package_id", "0");
        write_cpu(cpu, "online", "1");
        for (const auto& [file, text] :
             {std::pair{"level", "3"}, std::pair{"type", "Unified"}, std::pair{"size", "8192K"}})
            write_cpu(cpu, std::string{"cache/index0/"} + file, text);
        write_cpu(cpu, "cache/index0/shared_cpu_map", mask(all));
    }

    const std::filesystem::path cpu_folder_ = "sys/devices/system/cpu";
    int cpus_;
    TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("nodes and last-level caches are found by number")
{
    Topology topology{{.synthetic = kServer}};
    CHECK(resolved(topology, "all") == "0-15");
    CHECK(resolved(topology, "numa:0") == "0-7");
    CHECK(resolved(topology, "numa:1") == "8-15");
    CHECK(resolved(topology, "llc:0") == "0-3");
    CHECK(resolved(topology, "llc:3") == "12-15");
}

TEST_CASE("packages and their dies are counted")
{
    Topology topology{{.synthetic = "pack:2 die:2 core:2 pu:2"}};
    const auto& machine = **topology.machine();
    CHECK(machine.packages == 2);
    CHECK(machine.dies == 4);
    CHECK(machine.cores == 8);
    CHECK(machine.all.count() == 16);
}

TEST_CASE("a number that this machine does not have is answered with those it has")
{
    Topology topology{{.synthetic = kServer}};
    CHECK(resolved(topology, "numa:3") == "error: numa:3: nodes here: 0-1");
    CHECK(resolved(topology, "llc:4") == "error: llc:4: last-level caches here: 0-3");
    CHECK(find(topology, *CpuSetName::make("numa:3")).error().code == EINVAL);
}

TEST_CASE("a number too large for any machine is refused like others")
{
    Topology topology{{.synthetic = kServer}};
    CHECK(find(topology, CpuSetName{"numa:99999999999"}).error().doing == "numa:99999999999: nodes here: 0-1");
    CHECK_FALSE(find(topology, CpuSetName{"numa:"}));
    CHECK_FALSE(find(topology, CpuSetName{"numa:-1"}));
    CHECK_FALSE(find(topology, CpuSetName{"everything"}));
}

TEST_CASE("a machine without caches says so")
{
    Topology topology{{.synthetic = "core:2 pu:1"}};
    CHECK(resolved(topology, "llc:0") == "error: llc:0: last-level caches here: none");
}

TEST_CASE("the last-level cache is the outermost that there is")
{
    Topology topology{{.synthetic = "pack:1 l2:2 core:2 pu:1"}};
    CHECK(resolved(topology, "llc:0") == "0-1");
    CHECK(resolved(topology, "llc:1") == "2-3");
}

TEST_CASE("on a uniform machine performance and efficiency are all CPUs")
{
    Topology topology{{.synthetic = kServer}};
    CHECK(resolved(topology, "performance") == "0-15");
    CHECK(resolved(topology, "efficiency") == "0-15");
}

TEST_CASE("isolated CPUs are in no set")
{
    const TemporaryFolder root;
    root.write("sys/devices/system/cpu/isolated", "1,8-15\n");
    Topology topology{{.synthetic = kServer, .root = root.path()}};
    CHECK(resolved(topology, "all") == "0,2-7");
    CHECK(resolved(topology, "performance") == "0,2-7");
    CHECK(resolved(topology, "numa:0") == "0,2-7");
    CHECK(resolved(topology, "llc:0") == "0,2-3");
}

TEST_CASE("a set of isolated CPUs alone is an error, never an empty set")
{
    const TemporaryFolder root;
    root.write("sys/devices/system/cpu/isolated", "8-15\n");
    Topology topology{{.synthetic = kServer, .root = root.path()}};
    CHECK(resolved(topology, "numa:1") == "error: numa:1: all its CPUs are offline or isolated");
}

TEST_CASE("fast and slow kinds of CPU are told apart by their frequency")
{
    RecordedMachine machine{4};
    for (int cpu = 0; cpu < 4; ++cpu)
        machine.write_cpu(cpu, "cpufreq/cpuinfo_max_freq", cpu < 1 ? "5000000" : "3000000");
    Topology topology = machine.topology();
    CHECK(resolved(topology, "performance") == "0");
    CHECK(resolved(topology, "efficiency") == "1-3");
    CHECK(resolved(topology, "all") == "0-3");
    CHECK(resolved(topology, "llc:0") == "0-3");
}

TEST_CASE("the result is kept until CPUs come or go")
{
    RecordedMachine machine{4};
    Topology topology = machine.topology();
    CHECK(resolved(topology, "all") == "0-3");
    machine.isolate("3");
    CHECK(resolved(topology, "all") == "0-3");
    machine.take_offline(2);
    CHECK(resolved(topology, "all") == "0-1");
    CHECK((*topology.machine())->offline.to_text() == "2");
    CHECK((*topology.machine())->possible.to_text() == "0-2");
}

TEST_CASE("caches of one machine may differ in size, and their CPUs in speed")
{
    RecordedMachine recorded{4};
    for (int cpu = 0; cpu < 4; ++cpu) {
        recorded.write_cpu(cpu, "cache/index0/shared_cpu_map", cpu < 2 ? "00000003" : "0000000c");
        recorded.write_cpu(cpu, "cache/index0/size", cpu < 2 ? "98304K" : "32768K");
        recorded.write_cpu(cpu, "acpi_cppc/highest_perf", cpu < 2 ? "166" : std::to_string(190 + cpu));
    }
    Topology topology = recorded.topology();
    const auto& caches = (*topology.machine())->llc;
    REQUIRE(caches.size() == 2);
    CHECK(caches.at(0).bytes == 96UL << 20U);
    CHECK(caches.at(0).level == 3);
    CHECK(caches.at(0).speed == 166);
    CHECK(caches.at(1).bytes == 32UL << 20U);
    CHECK(caches.at(1).speed == 193);
}

TEST_CASE("GPUs are near the CPUs that the firmware names, else near all")
{
    RecordedMachine recorded{4};
    recorded.write("sys/bus/pci/devices/0000:01:00.0/class", "0x030200");
    recorded.write("sys/bus/pci/devices/0000:01:00.0/local_cpulist", "2-3");
    recorded.write("sys/bus/pci/devices/0000:02:00.0/class", "0x120000");
    recorded.write("sys/bus/pci/devices/0000:02:00.0/numa_node", "-1");
    recorded.write("sys/bus/pci/devices/0000:03:00.0/class", "0x030000");
    recorded.write("sys/bus/pci/devices/0000:04:00.0/class", "0x010802");
    Topology topology = recorded.topology();
    const auto& gpus = (*topology.machine())->gpus;
    REQUIRE(gpus.size() == 3);  // not the disk
    CHECK_FALSE(gpus.at(2).computes);
    CHECK(usual_gpus(**topology.machine()).size() == 2);  // not the display of the machine's management
    CHECK(gpus.at(0).address == "0000:01:00.0");
    CHECK(gpus.at(0).cpus.to_text() == "2-3");
    CHECK(gpus.at(1).cpus.to_text() == "0-3");
    CHECK(resolved(topology, "gpu-local") == "0-3");
}

TEST_CASE("a kernel that gathers threads by cache says so")
{
    const RecordedMachine recorded{2};
    Topology topology = recorded.topology();
    CHECK_FALSE(topology.gathers_by_cache());
    recorded.write("sys/kernel/debug/sched/llc_balancing/enabled", "0");
    CHECK_FALSE(topology.gathers_by_cache());
    recorded.write("sys/kernel/debug/sched/llc_balancing/enabled", "1");
    CHECK(topology.gathers_by_cache());
}

TEST_CASE("a description that hwloc does not understand is an error")
{
    Topology topology{{.synthetic = "no machine"}};
    CHECK_FALSE(topology.machine());
    CHECK_FALSE(find(topology, *CpuSetName::make("all")));
}

TEST_CASE("this very machine has CPUs")
{
    Topology topology;
    const auto cpus = topology.machine();
    REQUIRE(cpus);
    CHECK((*cpus)->all.count() > 0);
    CHECK((*cpus)->performance.minus((*cpus)->all).empty());
    CHECK_FALSE((*cpus)->numa.empty());
}

}  // namespace priorityd::kernel
