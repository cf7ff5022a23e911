// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/cpu_groups.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "kernel/folder.hpp"
#include "kernel/small_file.hpp"

namespace priorityd::kernel {
namespace {

/// Empty where the cpu controller is off. Source: cgroup v2, cpu.weight and cpu.idle.
std::optional<CpuWeight> weight_of(int above, const std::string& cgroup)
{
    std::array<char, 32> buffer;
    const auto idle = read_small_file(above, (cgroup + "/cpu.idle").c_str(), buffer);
    if (idle && parse_number<int>(*idle) == 1)
        return CpuWeight{CpuWeight::kIdle};
    const auto text = read_small_file(above, (cgroup + "/cpu.weight").c_str(), buffer);
    return text ? CpuWeight::make(parse_number<int>(*text).value_or(-1)) : std::nullopt;
}

/// Whether there are processes in it or below it. Source: cgroup v2, cgroup.events.
bool is_populated(int above, const std::string& cgroup)
{
    std::array<char, 64> buffer;
    const auto text = read_small_file(above, (cgroup + "/cgroup.events").c_str(), buffer);
    return text && text->find("populated 1") != std::string_view::npos;
}

void add_siblings(int sys_root, const std::string& parent, std::string_view own_name, CpuGroup& into)
{
    const Folder folder = open_folder(sys_root, parent.c_str());
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        const std::string name = entry->d_name;
        if (entry->d_type != DT_DIR || name.starts_with('.') || name == own_name)
            continue;
        const int above = ::dirfd(folder.get());
        const auto weight = weight_of(above, name);
        if (!weight || !is_populated(above, name))
            continue;
        ++into.siblings;
        into.their_weights += static_cast<std::uint64_t>(weight->value);
    }
}

}  // namespace

std::vector<CpuGroup> cpu_groups_on(int sys_root, std::string_view cgroup)
{
    std::vector<CpuGroup> groups;
    if (cgroup.starts_with("/.."))  // outside of the cgroup namespace
        return groups;
    for (std::size_t begin = 0; begin + 1 < cgroup.size();) {
        const auto end = std::min(cgroup.find('/', begin + 1), cgroup.size());
        const std::string path{cgroup.substr(0, end)};
        const auto weight = weight_of(sys_root, "fs/cgroup" + path);
        if (!weight)
            break;  // a controller that is off is off further down too
        CpuGroup group{.path = path, .weight = *weight};
        add_siblings(sys_root, "fs/cgroup" + path.substr(0, begin), cgroup.substr(begin + 1, end - begin - 1), group);
        groups.push_back(std::move(group));
        begin = end;
    }
    return groups;
}

}  // namespace priorityd::kernel
