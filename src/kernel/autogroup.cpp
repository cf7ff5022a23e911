// SPDX-License-Identifier: GPL-3.0-or-later
/// Asks the sysctl and the cgroup tree; the autogroup's own file is read by the process's handle.
#include "kernel/autogroup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "kernel/cgroup.hpp"
#include "kernel/small_file.hpp"

namespace priorityd::kernel {
namespace {

/// The nearest cgroup from `cgroup` upwards that is a task group of its own; empty when there is none below the root.
std::string_view task_group(int sys_root, std::string_view cgroup)
{
    while (cgroup.size() > 1) {
        if (shares_out_cpu(sys_root, cgroup))
            return cgroup;
        cgroup = cgroup.substr(0, cgroup.rfind('/'));
    }
    return {};
}

std::string reason(std::string_view cgroup)
{
    return "its cgroup " + std::string{cgroup} + " shares out CPU time, not its autogroup";
}

}  // namespace

bool is_autogroup_enabled(int proc_root)
{
    std::array<char, 16> buffer;
    const auto text = read_small_file(proc_root, "sys/kernel/sched_autogroup_enabled", buffer);
    return text && parse_number<int>(*text).value_or(0) != 0;
}

std::optional<std::string> what_overrides_autogroup(int sys_root, const CgroupPaths& cgroups)
{
    if (!cgroups.cpu.empty())
        return cgroups.cpu == "/" ? std::nullopt : std::optional{reason(cgroups.cpu)};
    if (cgroups.path.starts_with("/.."))
        return "its cgroup " + cgroups.path + " lies outside of the cgroup namespace";
    const std::string_view group = task_group(sys_root, cgroups.path);
    if (group.empty())
        return std::nullopt;
    return reason(group);
}

}  // namespace priorityd::kernel
