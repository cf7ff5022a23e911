// SPDX-License-Identifier: GPL-3.0-or-later
/// One function per knob: what the kernel can do, then what this process may do with it.
#include "kernel/knobs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "kernel/autogroup.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/cgroup.hpp"
#include "kernel/folder.hpp"
#include "kernel/sched.hpp"
#include "kernel/small_file.hpp"

namespace priorityd::kernel {
namespace {

/// What this process may do, as far as it matters here.
struct Capabilities {
    bool may_nice = false;
    bool may_resource = false;
    bool may_override = false;
};

Capabilities own_capabilities()
{
    return {has_capability(Capability::sys_nice), has_capability(Capability::sys_resource),
            has_capability(Capability::dac_override)};
}

/// Where files are looked for. A root that is missing has no files.
struct OpenRoots {
    UniqueFd proc;
    UniqueFd sys;
};

bool exists(const UniqueFd& root, const std::string& file)
{
    return ::faccessat(root.get(), file.c_str(), F_OK, 0) == 0;
}

/// The first line of a file; empty when it cannot be read.
std::string first_line(const UniqueFd& root, const std::string& file)
{
    std::array<char, 256> buffer;
    const auto text = read_small_file(root.get(), file.c_str(), buffer);
    return text ? std::string{text->substr(0, text->find('\n'))} : std::string{};
}

KnobState live(std::string limits = {})
{
    return {true, std::move(limits)};
}

KnobState not_live(std::string_view why)
{
    return {false, std::string{why}};
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator)
{
    std::string text;
    for (const auto& part : parts) {
        if (!text.empty() && !part.empty())
            text += separator;
        text += part;
    }
    return text;
}

KnobState nice_state(const Capabilities& own)
{
    return live(own.may_nice ? "" : "lowering only, and only processes of the own user: CAP_SYS_NICE is missing");
}

KnobState sched_state(const Capabilities& own)
{
    return live(own.may_nice ? "" : "no fifo and rr, and only processes of the own user: CAP_SYS_NICE is missing");
}

KnobState slice_state()
{
    return takes_custom_slices() ? live() : not_live("slices need Linux 6.12");
}

/// Whether systemd heeds it is found out when a unit is given a weight.
KnobState cpu_weight_state(const OpenRoots& roots)
{
    return has_controller(roots.sys.get(), "cpu") ? live() : not_live("there is no cgroup v2 with the controller cpu");
}

KnobState cpus_state(const Capabilities& own)
{
    const auto cpus = affinity_of(Tid{0});
    if (!cpus)
        return not_live(cpus.error().message());
    return live(own.may_nice ? "" : "only processes of the own user: CAP_SYS_NICE is missing");
}

KnobState oom_state(const OpenRoots& roots, const Capabilities& own)
{
    if (!exists(roots.proc, "self/oom_score_adj"))
        return not_live("there is no /proc/PID/oom_score_adj");
    const std::string lower = own.may_resource ? "" : "not below what a process was given: CAP_SYS_RESOURCE is missing";
    const std::string others = own.may_override ? "" : "only processes of the own user: CAP_DAC_OVERRIDE is missing";
    return live(joined({lower, others}, "; "));
}

KnobState timer_slack_state(const OpenRoots& roots, const Capabilities& own)
{
    if (!exists(roots.proc, "self/timerslack_ns"))
        return not_live("there is no /proc/PID/timerslack_ns");
    // The kernel asks for it even for processes of the same user. Source: timerslack_ns_write() in fs/proc/base.c.
    if (!own.may_nice)
        return not_live("CAP_SYS_NICE is missing");
    return live();
}

KnobState uclamp_state()
{
    return has_utilisation_clamps() ? live() : not_live("this kernel has no uclamp");
}

KnobState autogroup_state(const OpenRoots& roots)
{
    if (!exists(roots.proc, "sys/kernel/sched_autogroup_enabled"))
        return not_live("this kernel has no autogroups");
    if (!is_autogroup_enabled(roots.proc.get()))
        return not_live("autogroups are switched off (kernel.sched_autogroup_enabled = 0)");
    const std::string controllers = ' ' + first_line(roots.sys, "fs/cgroup/cgroup.subtree_control") + ' ';
    const bool is_shared_out = controllers.find(" cpu ") != std::string::npos;
    return live(is_shared_out ? "outside of cgroups that share out CPU time" : "");
}

/// A disk and the I/O scheduler that it uses.
struct BlockDevice {
    std::string name;
    std::string scheduler;
    bool has_cost_model = false;  ///< io.cost is on for it.

    /// The others ignore I/O priorities. Source: Documentation/block/ioprio.rst.
    [[nodiscard]] bool heeds_priorities() const { return scheduler == "bfq" || scheduler == "mq-deadline"; }
    /// Source: cgroup v2, "IO Interface Files"; Documentation/block/bfq-iosched.rst.
    [[nodiscard]] bool heeds_weights() const { return scheduler == "bfq" || has_cost_model; }
};

/// "bfq" of "mq-deadline kyber [bfq] none".
std::string chosen_scheduler(std::string_view line)
{
    const std::size_t open = line.find('[');
    const std::size_t close = line.find(']', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos)
        return "none";
    return std::string{line.substr(open + 1, close - open - 1)};
}

/// Whether a line of io.cost.qos switches it on for the device "8:0". Source: cgroup v2, io.cost.qos.
bool has_cost_model(std::string_view qos, std::string_view device)
{
    while (!qos.empty()) {
        const auto line = qos.substr(0, qos.find('\n'));
        if (line.starts_with(std::string{device} + ' '))
            return line.find(" enable=1") != std::string_view::npos;
        qos.remove_prefix(std::min(line.size() + 1, qos.size()));
    }
    return false;
}

/// Real devices alone: what stands on others (loop, dm, md) passes its requests on to them.
std::vector<BlockDevice> block_devices(const UniqueFd& sys)
{
    std::vector<BlockDevice> devices;
    std::array<char, 4096> buffer;
    const auto qos = read_small_file(sys.get(), "fs/cgroup/io.cost.qos", buffer).value_or(std::string_view{});
    const Folder folder = open_folder(sys.get(), "block");
    if (!folder)
        return devices;
    while (const dirent* entry = ::readdir(folder.get())) {
        const std::string path = "block/" + std::string{entry->d_name};
        if (entry->d_name[0] != '.' && exists(sys, path + "/device"))
            devices.push_back({.name = entry->d_name,
                               .scheduler = chosen_scheduler(first_line(sys, path + "/queue/scheduler")),
                               .has_cost_model = has_cost_model(qos, first_line(sys, path + "/dev"))});
    }
    std::ranges::sort(devices, {}, &BlockDevice::name);
    return devices;
}

/// "sda: bfq, sdb: none", of those that `which` holds for.
template <typename Which>
std::string device_list(const std::vector<BlockDevice>& devices, Which which)
{
    std::vector<std::string> parts;
    for (const auto& device : devices) {
        if (which(device))
            parts.push_back(device.name + ": " + device.scheduler + (device.has_cost_model ? ", io.cost" : ""));
    }
    return joined(parts, ", ");
}

/// Live if one device heeds it. `who`: what the devices have to have for that.
template <typename Heeds>
KnobState device_state(const std::vector<BlockDevice>& devices, Heeds heeds, std::string_view who)
{
    const std::string listening = device_list(devices, heeds);
    const std::string deaf = device_list(devices, std::not_fn(heeds));
    if (listening.empty())
        return not_live(fmt::format("no block device uses {}{}", who, deaf.empty() ? "" : " (" + deaf + ")"));
    return live(fmt::format("heeded by {}{}", listening, deaf.empty() ? "" : ", ignored by " + deaf));
}

KnobState io_state(const OpenRoots& roots)
{
    if (const auto own = io_priority_of(Tid{0}); !own)
        return not_live(own.error().message());
    return device_state(block_devices(roots.sys), std::mem_fn(&BlockDevice::heeds_priorities), "BFQ or mq-deadline");
}

KnobState io_weight_state(const OpenRoots& roots)
{
    if (!has_controller(roots.sys.get(), "io"))
        return not_live("there is no cgroup v2 with the controller io");
    return device_state(block_devices(roots.sys), std::mem_fn(&BlockDevice::heeds_weights), "BFQ or io.cost");
}

OpenRoots open_roots(const Roots& roots)
{
    return {UniqueFd{::open(roots.proc.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)},
            UniqueFd{::open(roots.sys.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)}};
}

}  // namespace

Knobs probe_knobs(const Roots& roots)
{
    const OpenRoots folders = open_roots(roots);
    const Capabilities own = own_capabilities();
    const KnobState uclamp = uclamp_state();
    return {
        {"nice", nice_state(own)},
        {"sched", sched_state(own)},
        {"slice", slice_state()},
        {"io", io_state(folders)},
        {"cpu_weight", cpu_weight_state(folders)},
        {"io_weight", io_weight_state(folders)},
        {"cpus", cpus_state(own)},
        {"oom_score_adj", oom_state(folders, own)},
        {"timer_slack", timer_slack_state(folders, own)},
        {"uclamp_min", uclamp},
        {"uclamp_max", uclamp},
        {"autogroup", autogroup_state(folders)},
    };
}

}  // namespace priorityd::kernel
