// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/cgroup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "kernel/folder.hpp"
#include "kernel/small_file.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {
namespace {

/// systemd makes trees of a handful of levels; deeper ones exist only to annoy.
constexpr int kMostLevels = 16;

/// One pid a line. Source: cgroup v2, cgroup.procs.
void read_pids(int folder, std::vector<Pid>& into)
{
    UniqueFd file{::openat(folder, "cgroup.procs", O_RDONLY | O_CLOEXEC)};
    std::array<char, 4096> buffer;
    std::string rest;
    for (ssize_t size = 0; file && (size = ::read(file.get(), buffer.data(), buffer.size())) > 0;) {
        rest.append(buffer.data(), static_cast<std::size_t>(size));
        std::size_t begin = 0;
        for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', begin)) {
            const auto pid = parse_number<int>(std::string_view{rest}.substr(begin, end - begin));
            if (pid && *pid > 0)  // 0 is a process of another pid namespace
                into.push_back(Pid{*pid});
            begin = end + 1;
        }
        rest.erase(0, begin);
    }
}

void read_tree(int above, const char* name, int levels, std::vector<Pid>& into)
{
    const Folder folder = open_folder(above, name);
    if (!folder)
        return;
    read_pids(::dirfd(folder.get()), into);
    while (const dirent* entry = levels > 0 ? ::readdir(folder.get()) : nullptr) {
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
            read_tree(::dirfd(folder.get()), entry->d_name, levels - 1, into);
    }
}

/// A list in the kernel's format.
Result<CpuSet> cpus_in(const Result<std::string_view>& text)
{
    if (!text)
        return tl::unexpected(text.error());
    const auto cpus = CpuSet::parse(text->substr(0, text->find('\n')));
    return cpus ? Result<CpuSet>{*cpus} : failure(ENOENT, "no list of CPUs");
}

}  // namespace

bool has_controller(int sys_root, std::string_view controller)
{
    std::array<char, 256> buffer;
    const auto text = read_small_file(sys_root, "fs/cgroup/cgroup.controllers", buffer);
    if (!text)
        return false;
    std::string_view words = *text;
    while (!words.empty()) {
        const auto end = words.find_first_of(" \n");
        if (words.substr(0, end) == controller)
            return true;
        words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
    }
    return false;
}

/// cpu.weight is there exactly where the cpu controller is on, and never in the root. Source: cgroup v2, cpu.weight.
bool shares_out_cpu(int sys_root, std::string_view cgroup)
{
    std::string file = "fs/cgroup";
    file.append(cgroup).append("/cpu.weight");
    return ::faccessat(sys_root, file.c_str(), F_OK, 0) == 0;
}

/// Version 1 tells it in every cgroup, version 2 only where the controller is on: what is nearest above holds.
Result<CpuSet> cpuset_of(int sys_root, const CgroupPaths& cgroup)
{
    std::array<char, 4096> buffer;
    if (!cgroup.cpuset.empty()) {
        const auto file = "fs/cgroup/cpuset" + cgroup.cpuset + "/cpuset.effective_cpus";
        return cpus_in(read_small_file(sys_root, file.c_str(), buffer));
    }
    for (std::string path = cgroup.path; !path.starts_with("/.."); path.erase(path.rfind('/'))) {
        const auto file = "fs/cgroup" + (path == "/" ? "" : path) + "/cpuset.cpus.effective";
        if (auto cpus = cpus_in(read_small_file(sys_root, file.c_str(), buffer)); cpus || path.size() <= 1)
            return cpus;
    }
    return failure(ENOENT, "cpuset.cpus.effective");
}

std::vector<Pid> processes_in_cgroup(int sys_root, const std::string& cgroup)
{
    std::vector<Pid> pids;
    if (!cgroup.starts_with("/.."))  // outside of the cgroup namespace
        read_tree(sys_root, ("fs/cgroup" + cgroup).c_str(), kMostLevels, pids);
    return pids;
}

}  // namespace priorityd::kernel
