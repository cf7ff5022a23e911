// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl topology: the machine as placement sees it, and the sets of CPUs that rules can name.
#include "kernel/topology.hpp"

#include <algorithm>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli/json.hpp"
#include "cli/verbs.hpp"

namespace priorityd::cli {
namespace {

/// "32 MiB"; empty where it is not told.
std::string size_text(std::uint64_t bytes)
{
    constexpr std::uint64_t kKilo = 1024;
    if (bytes == 0)
        return {};
    std::string_view unit = "KiB";
    std::uint64_t size = bytes / kKilo;
    for (const std::string_view larger : {"MiB", "GiB", "TiB"}) {
        if (size < kKilo)
            break;
        size /= kKilo;
        unit = larger;
    }
    return fmt::format("{} {}", size, unit);
}

std::string list_text(const CpuSet& cpus)
{
    return cpus.empty() ? "none" : cpus.to_text();
}

/// What a set has beside its CPUs.
struct Row {
    std::string name;
    CpuSet cpus;
    std::string what;
};

std::string node_text(const Machine::Node& node)
{
    auto text = size_text(node.bytes) + (node.bytes == 0 ? "" : " of memory");
    if (node.distances.size() > 1)
        text += fmt::format("{}distances {}", text.empty() ? "" : ", ", fmt::join(node.distances, " "));
    return text;
}

std::string cache_text(const Machine::Cache& cache)
{
    auto text = size_text(cache.bytes) + (cache.bytes == 0 ? "" : " of cache");
    if (cache.speed != 0)
        text += fmt::format("{}speed {}", text.empty() ? "" : ", ", cache.speed);
    return text;
}

bool is_inside(const CpuSet& cpus, const CpuSet& of)
{
    return cpus.minus(of).empty();
}

/// Caches stand below the node that has their CPUs; those that several nodes share stand at the end.
std::vector<Row> rows_of(const Machine& machine)
{
    std::vector<Row> rows{
        {"all", machine.all, {}}, {"performance", machine.performance, {}}, {"efficiency", machine.efficiency, {}}};
    auto caches = machine.llc;
    const auto add_caches = [&](const std::string& indent, const auto& is_wanted) {
        for (auto cache = caches.begin(); cache != caches.end();) {
            if (!is_wanted(cache->second.cpus)) {
                ++cache;
                continue;
            }
            rows.push_back(
                {fmt::format("{}llc:{}", indent, cache->first), cache->second.cpus, cache_text(cache->second)});
            cache = caches.erase(cache);
        }
    };
    for (const auto& entry : machine.numa) {
        const auto& node = entry.second;
        rows.push_back({fmt::format("numa:{}", entry.first), node.cpus, node_text(node)});
        add_caches("  ", [&](const CpuSet& cpus) { return !cpus.empty() && is_inside(cpus, node.cpus); });
    }
    add_caches("", [](const CpuSet& /*cpus*/) { return true; });
    for (const auto& gpu : usual_gpus(machine))
        rows.push_back({"gpu-local", gpu.cpus, "of GPU " + gpu.address});
    for (const auto& [name, cpus] :
         {std::pair{"isolated", &machine.isolated}, std::pair{"offline", &machine.offline}}) {
        if (!cpus->empty())
            rows.push_back({fmt::format("({})", name), *cpus, "in no set"});
    }
    return rows;
}

void print_text(const Machine& machine, Colour colour)
{
    const auto dies = machine.dies > machine.packages ? fmt::format(", {} dies", machine.dies) : std::string{};
    print(fmt::format("{}{}, {}, {}, {}, {}\n\n", counted(static_cast<std::size_t>(machine.packages), "package"), dies,
                      counted(static_cast<std::size_t>(machine.cores), "core"),
                      counted(static_cast<std::size_t>(machine.all.count()), "CPU"),
                      counted(machine.numa.size(), "NUMA node"), counted(machine.llc.size(), "last-level cache")));
    Table table{{{"SET"}, {"CPUS"}, {"COUNT", Table::Align::right}, {"WHAT"}}};
    for (const Row& row : rows_of(machine))
        table.add({{row.name, Style::bold},
                   {list_text(row.cpus)},
                   {std::to_string(row.cpus.count())},
                   {row.what, Style::dim}});
    print(table.to_text(colour));
}

void print_document(const Machine& machine)
{
    Json sets = Json::object();
    for (const auto& [name, cpus] : named_sets(machine))
        sets[name] = cpus.to_text();
    Json nodes = Json::array();
    for (const auto& [number, node] : machine.numa)
        nodes.push_back({{"number", number},
                         {"cpus", node.cpus.to_text()},
                         {"memory_bytes", node.bytes},
                         {"distances", node.distances}});
    Json caches = Json::array();
    for (const auto& [number, cache] : machine.llc)
        caches.push_back(
            {{"number", number}, {"cpus", cache.cpus.to_text()}, {"cache_bytes", cache.bytes}, {"speed", cache.speed}});
    Json gpus = Json::array();
    for (const auto& gpu : machine.gpus)
        gpus.push_back({{"address", gpu.address}, {"cpus", gpu.cpus.to_text()}, {"computes", gpu.computes}});
    print_json({{"packages", machine.packages},
                {"dies", machine.dies},
                {"cores", machine.cores},
                {"cpus", machine.all.count()},
                {"numa_nodes", machine.numa.size()},
                {"l3", machine.l3},
                {"sets", sets},
                {"numa", nodes},
                {"llc", caches},
                {"gpus", gpus},
                {"isolated", machine.isolated.to_text()},
                {"offline", machine.offline.to_text()}});
}

ExitStatus topology(const Context& context)
{
    kernel::Topology reader{kernel::usual_topology()};
    const auto machine = reader.machine();
    if (!machine)
        return fail(ExitStatus::refused, fmt::format("the topology cannot be read: {}", machine.error().message()));
    if (context.is_json())
        print_document(**machine);
    else
        print_text(**machine, context.colour);
    return ExitStatus::done;
}

}  // namespace

Run add_topology(CLI::App& verb)
{
    verb.footer(
        "The sets are those that \"cpus\" in rules can name. Offline and isolated CPUs are in none of them. Works "
        "without\n"
        "the daemon; HWLOC_FSROOT names the folder of a recorded machine to show instead.");
    return [](const Context& context) { return topology(context); };
}

}  // namespace priorityd::cli
