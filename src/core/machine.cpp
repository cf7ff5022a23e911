// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/machine.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace priorityd {
namespace {

/// "0-1", in the kernel's list format.
template <typename Parts>
std::string numbers_of(const Parts& parts)
{
    CpuSet numbers;  // it prints lists of small numbers, whatever they count
    for (const auto& [number, part] : parts)
        numbers.add(number);
    return numbers.empty() ? "none" : numbers.to_text();
}

template <typename Parts>
Result<CpuSet> numbered(const CpuSetName& name, const Parts& parts, std::string_view what)
{
    const std::string_view digits = std::string_view{name.text}.substr(name.text.find(':') + 1);
    int number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const auto found = error == std::errc{} && end == digits.data() + digits.size() ? parts.find(number) : parts.end();
    if (found == parts.end())
        return failure(EINVAL, fmt::format("{}: {} here: {}", name.text, what, numbers_of(parts)));
    return found->second.cpus;
}

Result<CpuSet> gpu_local(const Machine& machine)
{
    if (machine.gpus.empty())
        return failure(EINVAL, "gpu-local: no GPU here");
    CpuSet cpus;
    for (const auto& gpu : usual_gpus(machine))
        cpus = cpus.joined(gpu.cpus);
    return cpus;
}

Result<CpuSet> look_up(const Machine& machine, const CpuSetName& name)
{
    const std::string_view text = name.text;
    if (text == "all")
        return machine.all;
    if (text == "performance")
        return machine.performance;
    if (text == "efficiency")
        return machine.efficiency;
    if (text == "gpu-local")
        return gpu_local(machine);
    if (text.starts_with("numa:"))
        return numbered(name, machine.numa, "nodes");
    if (text.starts_with("llc:"))
        return numbered(name, machine.llc, "last-level caches");
    return failure(EINVAL, fmt::format("{}: no set of CPUs has that name", text));
}

}  // namespace

Result<CpuSet> find_set(const Machine& machine, const CpuSetName& name)
{
    auto set = look_up(machine, name);
    if (set && set->empty())
        return failure(EINVAL, fmt::format("{}: all its CPUs are offline or isolated", name.text));
    return set;
}

std::vector<Machine::Gpu> usual_gpus(const Machine& machine)
{
    std::vector<Machine::Gpu> computing;
    std::ranges::copy_if(machine.gpus, std::back_inserter(computing), &Machine::Gpu::computes);
    return computing.empty() ? machine.gpus : computing;
}

std::vector<std::pair<std::string, CpuSet>> named_sets(const Machine& machine)
{
    std::vector<std::string> names{"all", "performance", "efficiency", "gpu-local"};
    for (const auto& [number, node] : machine.numa)
        names.push_back(fmt::format("numa:{}", number));
    for (const auto& [number, cache] : machine.llc)
        names.push_back(fmt::format("llc:{}", number));
    std::vector<std::pair<std::string, CpuSet>> sets;
    sets.reserve(names.size());
    for (auto& name : names) {
        if (const auto set = find_set(machine, {name}))
            sets.emplace_back(std::move(name), *set);
    }
    return sets;
}

}  // namespace priorityd
