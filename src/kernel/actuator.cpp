// SPDX-License-Identifier: GPL-3.0-or-later
/// One walk over the threads for each action, with the change that goes with it.
#include "kernel/actuator.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "kernel/procfs.hpp"
#include "kernel/scheduling_change.hpp"
#include "kernel/thread_walk.hpp"
#include "kernel/value_change.hpp"

namespace priorityd::kernel {
namespace {

constexpr std::string_view kNeedsNice = "CAP_SYS_NICE";
constexpr std::string_view kNeedsNiceOrBandwidth = "CAP_SYS_NICE, and real-time bandwidth in its cgroup";
constexpr std::string_view kNeedsResource = "CAP_SYS_RESOURCE to lower it, CAP_DAC_OVERRIDE for other users' processes";

template <typename T>
std::optional<T> value_in(const SettingMap& ours, Setting setting)
{
    const T* value = find_value<T>(ours, setting);
    return value ? std::optional{*value} : std::nullopt;
}

std::optional<CpuSet> our_cpus(const SettingMap& ours)
{
    const auto* choice = find_value<CpuChoice>(ours, Setting::cpus);
    const auto* cpus = choice ? std::get_if<CpuSet>(choice) : nullptr;
    return cpus ? std::optional{*cpus} : std::nullopt;
}

std::optional<std::chrono::nanoseconds> our_slack(const SettingMap& ours)
{
    const auto* slack = find_value<TimerSlack>(ours, Setting::timer_slack);
    return slack ? std::optional{slack->length} : std::nullopt;
}

/// Of the clamps that are named; empty unless they are all ours.
std::optional<SetUclamp> our_clamps(const SettingMap& ours, const SetUclamp& named)
{
    SetUclamp clamps;
    if (named.min)
        clamps.min = value_in<UclampPercent>(ours, Setting::uclamp_min);
    if (named.max)
        clamps.max = value_in<UclampPercent>(ours, Setting::uclamp_max);
    const bool are_all_ours =
        clamps.min.has_value() == named.min.has_value() && clamps.max.has_value() == named.max.has_value();
    return are_all_ours ? std::optional{clamps} : std::nullopt;
}

std::string_view capability_for(const SetScheduling& action)
{
    const bool is_realtime = action.sched && action.sched->is_realtime();
    return is_realtime ? kNeedsNiceOrBandwidth : kNeedsNice;
}

/// One overload per action.
struct Carrier {
    ProcfsHandle& process;
    const SettingMap& ours;
    std::chrono::nanoseconds default_slice;

    Outcome operator()(const SetScheduling& action) const
    {
        auto outcome = change_threads(process, SchedulingChange{action, ours, default_slice}, capability_for(action));
        const bool has_slice_for_nothing =
            action.slice && action.sched && !takes_nice_and_slice(policy_number(action.sched->kind));
        if (outcome.kind == Outcome::Kind::applied && has_slice_for_nothing)
            outcome.detail = "its scheduling policy has no slice";
        return outcome;
    }
    Outcome operator()(const SetIoPriority& action) const
    {
        return change_threads(process, ValueChange{IoKnob{}, action.priority, value_in<IoPriority>(ours, Setting::io)},
                              kNeedsNice);
    }
    Outcome operator()(const SetAffinity& action) const
    {
        return change_threads(process, ValueChange{AffinityKnob{}, action.cpus, our_cpus(ours)}, kNeedsNice);
    }
    Outcome operator()(const SetTimerSlack& action) const
    {
        return change_threads(process, ValueChange{SlackKnob{process}, action.slack.length, our_slack(ours)},
                              kNeedsNice);
    }
    Outcome operator()(const SetUclamp& action) const
    {
        return change_threads(process, ValueChange{ClampKnob{action}, action, our_clamps(ours, action)}, kNeedsNice);
    }
    /// The kernel keeps one value for all threads.
    Outcome operator()(const SetOomScoreAdj& action) const
    {
        const auto written = process.write("oom_score_adj", std::to_string(action.value.value()));
        return written ? Outcome{Outcome::Kind::applied, {}} : refused(written.error(), kNeedsResource);
    }
};

/// The daemon has one source of handles, Procfs, and this one needs what its handles hold beyond the port.
ProcfsHandle& handle_of(ProcessHandle& process)
{
    return static_cast<ProcfsHandle&>(process);
}

}  // namespace

Outcome KernelActuator::apply(ProcessHandle& process, const Action& action, const SettingMap& ours)
{
    if (!process.is_alive())
        return {Outcome::Kind::vanished, {}};
    return std::visit(Carrier{handle_of(process), ours, default_slice_}, action);
}

Outcome KernelActuator::apply_at_start(Pid pid, const SetScheduling& action)
{
    if (action.nice && !action.sched && !action.slice) {
        const auto set = set_nice(leader_of(pid), *action.nice);
        return set ? Outcome{Outcome::Kind::applied, {}} : refused(set.error(), kNeedsNice);
    }
    const SettingMap nothing_of_ours;
    Met met;
    const auto step = SchedulingChange{action, nothing_of_ours, default_slice_}(leader_of(pid), Role::leader);
    if (!step)
        return refused(step.error(), capability_for(action));
    met.note(step);
    return met.outcome(capability_for(action));
}

Outcome KernelActuator::set_autogroup(ProcessHandle& process, Nice nice)
{
    const auto written = handle_of(process).write("autogroup", std::to_string(nice.value()));
    if (written)
        return {Outcome::Kind::applied, {}};
    auto outcome = refused(written.error(), "CAP_SYS_NICE to lower it, CAP_DAC_OVERRIDE for other users' sessions");
    // Without CAP_SYS_ADMIN the kernel takes ten such writes a second from all of the system. Source:
    // kernel/sched/autogroup.c.
    if (written.error().code == EAGAIN)
        outcome.detail += "; try again";
    return outcome;
}

Outcome DryRunActuator::apply(ProcessHandle&, const Action&, const SettingMap&)
{
    return {Outcome::Kind::dry_run, {}};
}

Outcome DryRunActuator::apply_at_start(Pid, const SetScheduling&)
{
    return {Outcome::Kind::dry_run, {}};
}

Outcome DryRunActuator::set_autogroup(ProcessHandle&, Nice)
{
    return {Outcome::Kind::dry_run, {}};
}

}  // namespace priorityd::kernel
