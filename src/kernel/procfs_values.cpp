// SPDX-License-Identifier: GPL-3.0-or-later
/// What a process has now of each setting, and the files of /proc through which some of them are changed.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "kernel/autogroup.hpp"
#include "kernel/cgroup.hpp"
#include "kernel/cpu_groups.hpp"
#include "kernel/numbered_path.hpp"
#include "kernel/procfs.hpp"
#include "kernel/procfs_text.hpp"
#include "kernel/sched.hpp"
#include "kernel/sched_ext.hpp"
#include "kernel/small_file.hpp"

namespace priorityd::kernel {
namespace {

tl::unexpected<Error> not_live(std::string why)
{
    return failure(EOPNOTSUPP, std::move(why));
}

template <typename T, typename Wrap>
Result<Value> as_value(const Result<T>& value, Wrap wrap)
{
    if (!value)
        return tl::unexpected(value.error());
    return wrap(*value);
}

Result<Value> policy_value(const SchedAttr& attributes)
{
    if (const auto policy = policy_of(attributes))
        return Value{*policy};
    return not_live(fmt::format("it runs under policy {} of the kernel, which rules cannot name", attributes.policy));
}

Result<Value> slice_value(const SchedAttr& attributes)
{
    if (!takes_nice_and_slice(attributes.policy))
        return not_live("its scheduling policy has no slice");
    if (const auto slice = slice_of(attributes))
        return Value{*slice};
    return not_live("slices need Linux 6.12");
}

Result<Value> clamp_value(const SchedAttr& attributes, Setting setting)
{
    if (!has_utilisation_clamps())
        return not_live("this kernel has no uclamp");
    const auto percent = percent_of(setting == Setting::uclamp_min ? attributes.util_min : attributes.util_max);
    if (!percent)
        return not_live("the kernel gives a clamp above 1024");
    return Value{*percent};
}

/// Of one thread: nice, sched, slice and clamps.
Result<Value> scheduling_value(Tid thread, Setting setting)
{
    if (setting == Setting::nice)
        return as_value(nice_of(thread), [](Nice nice) { return Value{nice}; });
    const auto attributes = attributes_of(thread);
    if (!attributes)
        return tl::unexpected(attributes.error());
    if (setting == Setting::sched)
        return policy_value(*attributes);
    if (setting == Setting::slice)
        return slice_value(*attributes);
    return clamp_value(*attributes, setting);
}

}  // namespace

Result<SetScheduling> Procfs::scheduling_of(Pid pid)
{
    const auto attributes = attributes_of(leader_of(pid));
    if (!attributes)
        return tl::unexpected(attributes.error());
    return SetScheduling{
        .nice = Nice::make(attributes->nice), .sched = policy_of(*attributes), .slice = slice_of(*attributes)};
}

Result<Value> ProcfsHandle::actual(Setting setting)
{
    auto value = value_of(setting);
    // Alive after the answer, alive when it was given: so it is of this process and of no other with its pid.
    if (!is_alive())
        return gone();
    return value;
}

Result<Value> ProcfsHandle::value_of(Setting setting)
{
    const Tid leader = leader_of(pid_);
    switch (setting) {
        case Setting::nice:
        case Setting::sched:
        case Setting::slice:
        case Setting::uclamp_min:
        case Setting::uclamp_max: return scheduling_value(leader, setting);
        case Setting::io: return as_value(io_priority_of(leader), [](const IoPriority& io) { return Value{io}; });
        case Setting::cpus:
            return as_value(affinity_of(leader), [](const CpuSet& cpus) { return Value{CpuChoice{cpus}}; });
        case Setting::oom_score_adj: return oom_score_adj();
        case Setting::timer_slack: return timer_slack();
        case Setting::cpu_weight:
        case Setting::io_weight: return not_live("applied by a later version");
        case Setting::program_class:
        case Setting::children: break;
    }
    return not_live("not a knob of the kernel");
}

Result<Value> ProcfsHandle::oom_score_adj() const
{
    std::array<char, 32> buffer;
    const auto text = read_small_file(task_.get(), "../oom_score_adj", buffer);
    if (!text)
        return failure(text.error().code, fmt::format("read(/proc/{}/oom_score_adj)", raw(pid_)));
    const auto value = OomScoreAdj::make(parse_number<int>(*text).value_or(OomScoreAdj::kLow - 1));
    if (!value)
        return failure(EBADMSG, fmt::format("parse oom_score_adj of pid {}", raw(pid_)));
    return Value{*value};
}

Result<Value> ProcfsHandle::timer_slack()
{
    const auto length = timer_slack_of(leader_of(pid_));
    if (!length)
        return tl::unexpected(length.error());
    if (const auto slack = TimerSlack::make(*length))
        return Value{*slack};
    return not_live(length->count() == 0 ? "a real-time thread has no timer slack" : "its timer slack exceeds 4 s");
}

Result<Autogroup> ProcfsHandle::autogroup()
{
    std::array<char, 64> buffer;
    const auto text = read_small_file(task_.get(), "../autogroup", buffer);
    if (!text && !is_alive())
        return gone();
    if (!text)
        return not_live("this kernel has no autogroups");
    if (!is_autogroup_enabled(roots_.proc.get()))
        return not_live("autogroups are switched off (kernel.sched_autogroup_enabled = 0)");
    const auto autogroup = parse_autogroup(*text);
    if (!autogroup)
        return not_live("its session has no autogroup");
    Snapshot process;
    if (auto known = read(Fact::cgroup, process); !known)
        return tl::unexpected(known.error());
    const CgroupPaths cgroups{.path = std::move(process.cgroup), .cpu = std::move(process.cpu_cgroup)};
    if (auto reason = what_overrides_autogroup(roots_.sys.get(), cgroups))
        return not_live(*std::move(reason));
    return *autogroup;
}

Result<CpuStanding> ProcfsHandle::cpu_standing()
{
    Snapshot process;
    if (auto known = read(Fact::cgroup | Fact::stat, process); !known)
        return tl::unexpected(known.error());
    const int sys = roots_.sys.get();
    CpuStanding standing;
    standing.session = SessionId{process.session};
    if (process.cpu_cgroup.empty())
        standing.groups = cpu_groups_on(sys, process.cgroup);
    else if (process.cpu_cgroup != "/")
        standing.legacy_group = process.cpu_cgroup;
    if (!standing.groups.empty())
        standing.peers = std::max<std::size_t>(processes_in_cgroup(sys, standing.groups.back().path).size(), 1) - 1;
    if (const auto autogroup = this->autogroup())
        standing.autogroup = autogroup->nice;
    else
        standing.no_autogroup = autogroup.error().doing;
    standing.scheduler = foreign_scheduler(sys);
    return standing;
}

Result<void> ProcfsHandle::write(const char* file, std::string_view text)
{
    const auto written = write_small_file(task_.get(), (std::string{"../"} + file).c_str(), text);
    if (written)
        return {};
    if (!is_alive())
        return gone();
    return failure(written.error().code, fmt::format("write(/proc/{}/{}, {})", raw(pid_), file, text));
}

/// task/TID has no timerslack_ns, /proc/TID has. The file is opened first and the thread looked for in this process
/// afterwards: if it is there, it was there when the file was opened.
Result<UniqueFd> ProcfsHandle::open_thread_file(Tid thread, const char* file, int flags) const
{
    const NumberedPath path{raw(thread), file};
    UniqueFd descriptor{::openat(roots_.proc.get(), path.c_str(), flags | O_CLOEXEC)};
    if (!descriptor)
        return failure(errno == ENOENT ? ESRCH : errno, fmt::format("open(/proc/{})", path.c_str()));
    // As whoever has the capabilities: access(2) asks for the real user, who has none and may be hidden from.
    if (::faccessat(task_.get(), NumberedPath{raw(thread)}.c_str(), F_OK, AT_EACCESS) != 0)
        return failure(ESRCH, fmt::format("/proc/{}/task/{}", raw(pid_), raw(thread)));
    return descriptor;
}

Result<std::chrono::nanoseconds> ProcfsHandle::timer_slack_of(Tid thread)
{
    const auto file = open_thread_file(thread, "/timerslack_ns", O_RDONLY);
    if (!file)
        return tl::unexpected(file.error());
    std::array<char, 32> buffer;
    const ssize_t length = ::read(file->get(), buffer.data(), buffer.size());
    if (length < 0)
        return failure(errno, fmt::format("read(/proc/{}/timerslack_ns)", raw(thread)));
    const auto value = parse_number<std::uint64_t>({buffer.data(), static_cast<std::size_t>(length)});
    if (!value || *value > INT64_MAX)
        return failure(EBADMSG, fmt::format("parse /proc/{}/timerslack_ns", raw(thread)));
    return std::chrono::nanoseconds{static_cast<std::int64_t>(*value)};
}

Result<void> ProcfsHandle::set_timer_slack(Tid thread, TimerSlack slack)
{
    const auto file = open_thread_file(thread, "/timerslack_ns", O_WRONLY);
    if (!file)
        return tl::unexpected(file.error());
    const std::string text = std::to_string(slack.length.count());
    if (::write(file->get(), text.data(), text.size()) < 0)
        return failure(errno, fmt::format("write(/proc/{}/timerslack_ns, {})", raw(thread), text));
    return {};
}

}  // namespace priorityd::kernel
