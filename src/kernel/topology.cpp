// SPDX-License-Identifier: GPL-3.0-or-later
/// Asking libhwloc once, and letting go of it. Source: hwloc.h, Documentation/admin-guide/cputopology.rst.
#include "kernel/topology.hpp"

#include <hwloc.h>
#include <malloc.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string_view>

#include <fmt/format.h>

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

/// An environment variable with another value for a while: the only way in which hwloc takes these settings. The daemon
/// has one thread, so nobody reads the environment meanwhile.
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
    // Plugins look for GPUs: they would pull their drivers' libraries into the daemon.
    const ScopedVariable no_plugins{"HWLOC_PLUGINS_PATH", "/nonexistent"};
    std::optional<ScopedVariable> root;
    if (source.synthetic.empty() && source.root != "/")
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

/// CPUs that somebody has taken out of scheduling (isolcpus=): processes belong there only by explicit number.
CpuSet isolated_below(const std::filesystem::path& root)
{
    std::ifstream file{root / "sys/devices/system/cpu/isolated"};
    std::string list;
    std::getline(file, list);
    // Without the file (an old kernel, a test) or with nothing in it no CPU is isolated.
    return CpuSet::parse(list).value_or(CpuSet{});
}

std::map<int, CpuSet> nodes_of(hwloc_topology_t topology, const CpuSet& usable)
{
    std::map<int, CpuSet> nodes;
    hwloc_obj_t node = nullptr;
    while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)))
        nodes[static_cast<int>(node->os_index)] = to_cpu_set(node->cpuset).intersect(usable);
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

/// Numbered by the order in which hwloc has the CPUs, so neighbours have neighbouring numbers.
std::map<int, CpuSet> caches_of(hwloc_topology_t topology, const CpuSet& usable)
{
    std::map<int, CpuSet> caches;
    hwloc_obj_t last = nullptr;
    hwloc_obj_t cpu = nullptr;
    while ((cpu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, cpu))) {
        hwloc_obj_t cache = last_level_cache(cpu);
        if (cache && cache != last)
            caches[static_cast<int>(caches.size())] = to_cpu_set(cache->cpuset).intersect(usable);
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

MachineCpus copy_of(hwloc_topology_t topology, const CpuSet& isolated)
{
    MachineCpus cpus;
    cpus.all = to_cpu_set(hwloc_topology_get_topology_cpuset(topology)).minus(isolated);
    const auto fastest = fastest_of(topology);
    cpus.performance = fastest ? cpus.all.intersect(*fastest) : cpus.all;
    cpus.efficiency = fastest ? cpus.all.minus(*fastest) : cpus.all;
    cpus.numa = nodes_of(topology, cpus.all);
    cpus.llc = caches_of(topology, cpus.all);
    return cpus;
}

/// "0-1", in the kernel's list format.
std::string numbers_of(const std::map<int, CpuSet>& sets)
{
    CpuSet numbers;  // it prints lists of small numbers, whatever they count
    for (const auto& [number, cpus] : sets)
        numbers.add(number);
    return numbers.empty() ? "none" : numbers.to_text();
}

Result<CpuSet> numbered(const CpuSetName& name, const std::map<int, CpuSet>& sets, std::string_view what)
{
    const std::string_view digits = std::string_view{name.text}.substr(name.text.find(':') + 1);
    int number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const auto found = error == std::errc{} && end == digits.data() + digits.size() ? sets.find(number) : sets.end();
    if (found == sets.end())
        return failure(EINVAL, fmt::format("{}: {} here: {}", name.text, what, numbers_of(sets)));
    return found->second;
}

Result<CpuSet> look_up(const CpuSetName& name, const MachineCpus& cpus)
{
    const std::string_view text = name.text;
    if (text == "all")
        return cpus.all;
    if (text == "performance")
        return cpus.performance;
    if (text == "efficiency")
        return cpus.efficiency;
    if (text == "llc:auto" || text == "numa:auto" || text == "gpu-local")
        return failure(EINVAL, fmt::format("{}: placement comes in a later version", text));
    if (text.starts_with("numa:"))
        return numbered(name, cpus.numa, "nodes");
    if (text.starts_with("llc:"))
        return numbered(name, cpus.llc, "last-level caches");
    return failure(EINVAL, fmt::format("{}: no set of CPUs has that name", text));
}

}  // namespace

Result<const MachineCpus*> Topology::cpus()
{
    if (cpus_)
        return &*cpus_;
    {
        const auto topology = load(source_);
        if (!topology)
            return tl::unexpected(topology.error());
        cpus_ = copy_of(topology->get(), isolated_below(source_.root));
    }
    // hwloc takes megabytes in small pieces, which would stay with the allocator.
    ::malloc_trim(0);
    return &*cpus_;
}

Result<CpuSet> Topology::resolve(const CpuSetName& name)
{
    const auto machine = cpus();
    if (!machine)
        return tl::unexpected(machine.error());
    auto set = look_up(name, **machine);
    if (set && set->empty())
        return failure(EINVAL, fmt::format("{}: all its CPUs are offline or isolated", name.text));
    return set;
}

}  // namespace priorityd::kernel
