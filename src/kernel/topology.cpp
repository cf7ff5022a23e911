// SPDX-License-Identifier: GPL-3.0-or-later
/// Asking libhwloc once, and letting go of it. Source: hwloc.h, Documentation/admin-guide/cputopology.rst.
#include "kernel/topology.hpp"

#include <fcntl.h>
#include <hwloc.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

namespace {

struct DestroyTopology {
    void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using TopologyHandle = std::unique_ptr<hwloc_topology, DestroyTopology>;

struct FreeBitmap {
    void operator()(hwloc_bitmap_t bitmap) const { hwloc_bitmap_free(bitmap); }
};
using Bitmap = std::unique_ptr<hwloc_bitmap_s, FreeBitmap>;

/// An environment variable with another value for a while: the only way in which hwloc is told where the system is. For
/// tests, which have one thread; the machine itself needs none.
class ScopedVariable {
public:
    ScopedVariable(std::string name, const std::string& value) : name_{std::move(name)}
    {
        if (const char* before = ::getenv(name_.c_str()))
            before_ = before;
        ::setenv(name_.c_str(), value.c_str(), 1);
    }
    ScopedVariable(const ScopedVariable&) = delete;
    ScopedVariable& operator=(const ScopedVariable&) = delete;
    ~ScopedVariable()
    {
        if (before_)
            ::setenv(name_.c_str(), before_->c_str(), 1);
        else
            ::unsetenv(name_.c_str());
    }

private:
    std::string name_;
    std::optional<std::string> before_;
};

/// Everything that the kernel has online, whatever the daemon's own cgroup allows: the sets are for other processes.
/// Never bind this thread for a look at a CPU. Distances and memory attributes are not used and cost time.
constexpr unsigned long kFlags = HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED | HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING |
                                 HWLOC_TOPOLOGY_FLAG_NO_DISTANCES | HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS;

Result<TopologyHandle> load(const TopologySource& source)
{
    std::optional<ScopedVariable> root;
    if (source.synthetic.empty() && source.root != usual_topology().root)
        root.emplace("HWLOC_FSROOT", source.root.string());

    hwloc_topology_t raw_topology = nullptr;
    if (hwloc_topology_init(&raw_topology) != 0)
        return failure(errno, "hwloc_topology_init");
    TopologyHandle topology{raw_topology};
    if (!source.synthetic.empty() && hwloc_topology_set_synthetic(raw_topology, source.synthetic.c_str()) != 0)
        return failure(EINVAL, fmt::format("hwloc_topology_set_synthetic({})", source.synthetic));
    if (hwloc_topology_set_flags(raw_topology, kFlags) != 0 || hwloc_topology_load(raw_topology) != 0)
        return failure(errno, "hwloc_topology_load");
    return topology;
}

CpuSet to_cpu_set(hwloc_const_bitmap_t bitmap)
{
    CpuSet set;
    for (int cpu = hwloc_bitmap_first(bitmap); cpu >= 0 && cpu < CpuSet::kMaxCpus; cpu = hwloc_bitmap_next(bitmap, cpu))
        set.add(cpu);
    return set;
}

/// The first line of a small file below sys/; empty without it.
std::string line_of(const std::filesystem::path& root, const std::filesystem::path& file)
{
    std::ifstream in{root / "sys" / file};
    std::string line;
    std::getline(in, line);
    return line;
}

/// A list of CPUs in a file. Without it (an old kernel, a recorded tree) or with nothing in it there are none.
CpuSet cpus_in(const std::filesystem::path& root, const std::filesystem::path& file)
{
    return CpuSet::parse(line_of(root, file)).value_or(CpuSet{});
}

std::optional<int> number_in(const std::filesystem::path& root, const std::filesystem::path& file)
{
    const auto line = line_of(root, file);
    int number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    return error == std::errc{} && end == line.data() + line.size() ? std::optional{number} : std::nullopt;
}

/// Source: /sys/devices/system/node/nodeN/distance, one for each node in the order of their numbers.
std::vector<int> distances_in(const std::filesystem::path& root, int node)
{
    std::istringstream line{line_of(root, fmt::format("devices/system/node/node{}/distance", node))};
    return {std::istream_iterator<int>{line}, {}};
}

std::map<int, Machine::Node> nodes_of(hwloc_topology_t topology, const CpuSet& usable,
                                      const std::filesystem::path& root)
{
    std::map<int, Machine::Node> nodes;
    hwloc_obj_t node = nullptr;
    while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node))) {
        const auto number = static_cast<int>(node->os_index);
        nodes[number] = {.cpus = to_cpu_set(node->cpuset).intersect(usable),
                         .bytes = node->attr->numanode.local_memory,
                         .distances = distances_in(root, number)};
    }
    return nodes;
}

/// The outermost data cache of a CPU; null when none is known.
hwloc_obj_t last_level_cache(hwloc_obj_t cpu)
{
    hwloc_obj_t outermost = nullptr;
    for (hwloc_obj_t around = cpu; around; around = around->parent) {
        if (hwloc_obj_type_is_dcache(around->type))
            outermost = around;
    }
    return outermost;
}

/// The highest performance that firmware promises of one of them. Source:
/// Documentation/admin-guide/acpi/cppc_sysfs.rst.
int speed_of(const CpuSet& cpus, const std::filesystem::path& root)
{
    int highest = 0;
    cpus.each([&](int cpu) {
        const auto file = fmt::format("devices/system/cpu/cpu{}/acpi_cppc/highest_perf", cpu);
        highest = std::max(highest, number_in(root, file).value_or(0));
    });
    return highest;
}

/// Numbered by the order in which hwloc has the CPUs, so neighbours have neighbouring numbers.
std::map<int, Machine::Cache> caches_of(hwloc_topology_t topology, const CpuSet& usable,
                                        const std::filesystem::path& root)
{
    std::map<int, Machine::Cache> caches;
    hwloc_obj_t last = nullptr;
    hwloc_obj_t cpu = nullptr;
    while ((cpu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, cpu))) {
        hwloc_obj_t cache = last_level_cache(cpu);
        if (cache && cache != last) {
            auto cpus = to_cpu_set(cache->cpuset).intersect(usable);
            const int speed = speed_of(cpus, root);
            caches[static_cast<int>(caches.size())] = {.cpus = std::move(cpus),
                                                       .bytes = cache->attr->cache.size,
                                                       .speed = speed,
                                                       .level = static_cast<int>(cache->attr->cache.depth)};
        }
        last = cache;
    }
    return caches;
}

/// The CPUs of the fastest kind; none when there is one kind, or the kernel does not tell which is faster.
std::optional<CpuSet> fastest_of(hwloc_topology_t topology)
{
    const int kinds = hwloc_cpukinds_get_nr(topology, 0);
    const Bitmap cpus{hwloc_bitmap_alloc()};
    int rank = -1;
    // Kinds come in the order of their rank, the slowest first; all ranks are -1 when they are unknown.
    const bool is_ranked = kinds > 1 && cpus &&
                           hwloc_cpukinds_get_info(topology, static_cast<unsigned>(kinds - 1), cpus.get(), &rank,
                                                   nullptr, nullptr, 0) == 0 &&
                           rank > 0;
    return is_ranked ? std::optional{to_cpu_set(cpus.get())} : std::nullopt;
}

/// CPUs near a device, by list or, on old kernels, by mask ("000000ff,ffffffff"). Empty where the kernel does not say.
CpuSet near(const std::filesystem::path& root, const std::filesystem::path& device)
{
    if (auto cpus = cpus_in(root, device / "local_cpulist"); !cpus.empty())
        return cpus;
    const Bitmap mask{hwloc_bitmap_alloc()};
    const auto text = line_of(root, device / "local_cpus");
    return mask && hwloc_bitmap_sscanf(mask.get(), ("0x" + text).c_str()) == 0 ? to_cpu_set(mask.get()) : CpuSet{};
}

/// PCI devices of class "display controller" or "processing accelerator"; a 3D controller and an accelerator are made
/// for computing. Source: PCI Code and ID Assignment Specification, 1.15.
std::vector<Machine::Gpu> gpus_below(const std::filesystem::path& root, const CpuSet& usable)
{
    constexpr std::string_view kDisplay = "0x03", kThreeD = "0x0302", kAccelerator = "0x12";
    const std::filesystem::path devices = "bus/pci/devices";
    std::vector<Machine::Gpu> gpus;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator{root / "sys" / devices, none}) {
        const auto address = entry.path().filename().string();
        const auto kind = line_of(root, devices / address / "class");
        if (!kind.starts_with(kDisplay) && !kind.starts_with(kAccelerator))
            continue;
        const auto local = near(root, devices / address).intersect(usable);
        gpus.push_back({.address = address,
                        .cpus = local.empty() ? usable : local,
                        .computes = !kind.starts_with(kDisplay) || kind.starts_with(kThreeD)});
    }
    std::ranges::sort(gpus, {}, &Machine::Gpu::address);
    return gpus;
}

/// Cores of which a thread is usable.
int cores_of(hwloc_topology_t topology, const CpuSet& usable)
{
    int cores = 0;
    hwloc_obj_t core = nullptr;
    while ((core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core)))
        cores += to_cpu_set(core->cpuset).intersect(usable).empty() ? 0 : 1;
    return cores;
}

Machine copy_of(hwloc_topology_t topology, const std::filesystem::path& root)
{
    const std::filesystem::path cpus = "devices/system/cpu";
    Machine machine;
    machine.isolated = cpus_in(root, cpus / "isolated");
    machine.offline = cpus_in(root, cpus / "offline").intersect(cpus_in(root, cpus / "present"));
    machine.all = to_cpu_set(hwloc_topology_get_topology_cpuset(topology)).minus(machine.isolated);
    machine.possible = machine.all.joined(cpus_in(root, cpus / "possible")).minus(machine.isolated);
    const auto fastest = fastest_of(topology);
    machine.performance = fastest ? machine.all.intersect(*fastest) : machine.all;
    machine.efficiency = fastest ? machine.all.minus(*fastest) : machine.all;
    machine.packages = std::max(0, hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE));
    machine.dies = std::max(0, hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_DIE));
    machine.cores = cores_of(topology, machine.all);
    machine.l3 = std::max(0, hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_L3CACHE));
    machine.numa = nodes_of(topology, machine.all, root);
    machine.llc = caches_of(topology, machine.all, root);
    machine.gpus = gpus_below(root, machine.all);
    return machine;
}

}  // namespace

TopologySource usual_topology()
{
    const char* recorded = ::getenv("HWLOC_FSROOT");
    return {.synthetic = {}, .root = recorded ? recorded : "/"};
}

/// Plugins look for GPUs, and would pull their drivers' libraries into the daemon.
Topology::Topology(TopologySource source) : source_{std::move(source)}
{
    ::setenv("HWLOC_PLUGINS_PATH", "/nonexistent", 1);
}

Result<const Machine*> Topology::machine()
{
    auto online = line_of(source_.root, "devices/system/cpu/online");
    if (machine_ && online == online_)
        return &*machine_;
    machine_.reset();
    online_ = std::move(online);
    {
        const auto topology = load(source_);
        if (!topology)
            return tl::unexpected(topology.error());
        machine_ = copy_of(topology->get(), source_.root);
    }
    // hwloc takes megabytes in small pieces, which would stay with the allocator.
    ::malloc_trim(0);
    return &*machine_;
}

/// debugfs is there for root alone, and not on every machine. A kernel in lockdown, which Secure Boot brings, refuses
/// to say; the file is there, and 1 is what it is made with. Source: kernel_lockdown(7), Linux 7.2.
bool Topology::gathers_by_cache()
{
    const auto file = source_.root / "sys/kernel/debug/sched/llc_balancing/enabled";
    const UniqueFd descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!descriptor)
        return errno == EPERM;
    char value = 0;
    return ::read(descriptor.get(), &value, 1) == 1 && value == '1';
}

}  // namespace priorityd::kernel
