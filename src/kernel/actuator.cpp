// SPDX-License-Identifier: GPL-3.0-or-later
/// One walk over the threads of a process, and one small class per kind of change that the walk carries from thread to
/// thread.
#include "kernel/actuator.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "kernel/procfs.hpp"

namespace priorityd::kernel {
namespace {

/// A process that makes threads faster than they can be followed is given up after so many rounds; two suffice against
/// one that does nothing else.
constexpr int kMostRounds = 16;

constexpr std::string_view kNeedsNice = "CAP_SYS_NICE";
constexpr std::string_view kNeedsNiceOrBandwidth = "CAP_SYS_NICE, and real-time bandwidth in its cgroup";
constexpr std::string_view kNeedsResource = "CAP_SYS_RESOURCE to lower it, CAP_DAC_OVERRIDE for other users' processes";

/// What was done to one thread.
enum class Step : std::uint8_t { written, already_so, left_alone };
enum class Role : std::uint8_t { leader, follower };
using StepResult = Result<Step>;

Outcome refused(const Error& error, std::string_view capability)
{
    if (error.is_vanished())
        return {Outcome::Kind::vanished, {}};
    if (error.code == EOPNOTSUPP)  // the answer to clamps alone
        return {Outcome::Kind::not_live, "this kernel has no uclamp"};
    const bool is_permission = error.code == EPERM || error.code == EACCES;
    return {Outcome::Kind::failed,
            is_permission ? fmt::format("{}; needs {}", error.message(), capability) : error.message()};
}

/// What the walk has met so far.
struct Met {
    bool is_written = false;
    bool is_already_so = false;
    std::optional<Error> first_error;

    void note(const StepResult& result)
    {
        if (!result) {
            // A thread that has ended meanwhile needs nothing.
            if (!result.error().is_vanished() && !first_error)
                first_error = result.error();
            return;
        }
        is_written = is_written || *result == Step::written;
        is_already_so = is_already_so || *result == Step::already_so;
    }

    [[nodiscard]] Outcome outcome(std::string_view capability) const
    {
        if (first_error)
            return refused(*first_error, capability);
        if (is_written)
            return {Outcome::Kind::applied, {}};
        if (is_already_so)
            return {Outcome::Kind::already_so, {}};
        return {Outcome::Kind::held, "a real-time policy that somebody else has given it"};
    }
};

/// Calls `change` for all threads but the leader, until a round finds none that is new.
template <typename Change>
void change_followers(ProcfsHandle& process, Change& change, Met& met)
{
    std::unordered_set<std::int32_t> seen{raw(process.pid())};
    bool is_new = true;
    for (int round = 0; is_new && round < kMostRounds; ++round) {
        is_new = false;
        for (const Tid thread : process.threads()) {
            if (!seen.insert(raw(thread)).second)
                continue;
            is_new = true;
            met.note(change(thread, Role::follower));
        }
    }
}

/// `change`: StepResult(Tid, Role).
template <typename Change>
Outcome change_threads(ProcfsHandle& process, Change change, std::string_view capability)
{
    Met met;
    const StepResult leader = change(leader_of(process.pid()), Role::leader);
    if (!leader)
        return refused(leader.error(), capability);
    met.note(leader);
    // Asked after the leader has its value: threads born since then have inherited it.
    if (!process.is_single_threaded())
        change_followers(process, change, met);
    return met.outcome(capability);
}

/// One of the settings of a change, as one thread sees it: what is left to be written, and what has become of the rest.
template <typename T>
struct Share {
    std::optional<T> to_write;
    bool is_already_so = false;

    /// `before`: the leader's value before the change; null for the leader itself, who has nobody to follow.
    static Share of(const std::optional<T>& wanted, const std::optional<T>& now, const std::optional<T>* before,
                    const T* ours)
    {
        if (!wanted || now == wanted)
            return {std::nullopt, wanted.has_value()};
        const bool follows = !before || now == *before || (ours && now == *ours);
        return {follows ? wanted : std::nullopt, false};
    }
};

/// Carries a single value from the leader to those that had the same. `Knob`: Value, read(Tid), write(Tid, Value).
template <typename Knob>
class ValueChange {
public:
    using Value = typename Knob::Value;

    ValueChange(Knob knob, Value wanted, std::optional<Value> ours)
        : knob_{std::move(knob)}, wanted_{std::move(wanted)}, ours_{std::move(ours)}
    {
    }

    StepResult operator()(Tid thread, Role role)
    {
        auto now = knob_.read(thread);
        if (!now)
            return tl::unexpected(now.error());
        const auto share =
            Share<Value>::of(wanted_, *now, role == Role::leader ? nullptr : &before_, ours_ ? &*ours_ : nullptr);
        if (role == Role::leader)
            before_ = *std::move(now);
        if (!share.to_write)
            return share.is_already_so ? Step::already_so : Step::left_alone;
        if (auto written = knob_.write(thread, *share.to_write); !written)
            return tl::unexpected(written.error());
        return Step::written;
    }

private:
    Knob knob_;
    std::optional<Value> wanted_;
    std::optional<Value> ours_;
    std::optional<Value> before_;
};

struct IoKnob {
    using Value = IoPriority;
    static Result<IoPriority> read(Tid thread) { return io_priority_of(thread); }
    static Result<void> write(Tid thread, const IoPriority& priority) { return set_io_priority(thread, priority); }
};

struct AffinityKnob {
    using Value = CpuSet;
    static Result<CpuSet> read(Tid thread) { return affinity_of(thread); }
    static Result<void> write(Tid thread, const CpuSet& cpus) { return set_affinity(thread, cpus); }
};

struct SlackKnob {
    using Value = std::chrono::nanoseconds;
    ProcfsHandle& process;
    [[nodiscard]] Result<Value> read(Tid thread) const { return process.timer_slack_of(thread); }
    [[nodiscard]] Result<void> write(Tid thread, Value slack) const
    {
        return process.set_timer_slack(thread, TimerSlack{slack});
    }
};

/// Looks at the clamps that were named, so that the other one neither counts nor changes.
struct ClampKnob {
    using Value = SetUclamp;
    SetUclamp named;

    [[nodiscard]] Result<SetUclamp> read(Tid thread) const
    {
        const auto now = attributes_of(thread);
        if (!now)
            return tl::unexpected(now.error());
        return SetUclamp{.min = named.min ? percent_of(now->util_min) : std::nullopt,
                         .max = named.max ? percent_of(now->util_max) : std::nullopt};
    }

    static Result<void> write(Tid thread, const SetUclamp& clamps)
    {
        SchedAttr attributes;
        attributes.flags = kKeepPolicyAndParameters;
        if (clamps.min) {
            attributes.flags |= kUtilClampMin;
            attributes.util_min = utilisation(*clamps.min);
        }
        if (clamps.max) {
            attributes.flags |= kUtilClampMax;
            attributes.util_max = utilisation(*clamps.max);
        }
        return set_attributes(thread, attributes);
    }
};

/// Nice value, policy and slice: each followed for itself, all written together.
class SchedulingChange {
public:
    SchedulingChange(const SetScheduling& wanted, const SettingMap& ours, std::chrono::nanoseconds default_slice)
        : wanted_{wanted},
          our_nice_{find_value<Nice>(ours, Setting::nice)},
          our_policy_{find_value<SchedPolicy>(ours, Setting::sched)},
          our_slice_{find_value<Slice>(ours, Setting::slice)},
          default_slice_{default_slice}
    {
    }

    StepResult operator()(Tid thread, Role role)
    {
        const auto now = read(thread);
        if (!now)
            return tl::unexpected(now.error());
        if (role == Role::leader)
            before_ = {Nice::make(now->nice), policy_of(*now), slice_of(*now)};
        if (is_not_to_be_moved(*now))
            return Step::left_alone;
        const auto* before = role == Role::leader ? nullptr : &before_;
        const auto nice =
            Share<Nice>::of(wanted_.nice, Nice::make(now->nice), before ? &before->nice : nullptr, our_nice_);
        const auto policy =
            Share<SchedPolicy>::of(wanted_.sched, policy_of(*now), before ? &before->sched : nullptr, our_policy_);
        const auto slice =
            Share<Slice>::of(wanted_.slice, slice_of(*now), before ? &before->slice : nullptr, our_slice_);
        const SetScheduling to_write{.nice = nice.to_write, .sched = policy.to_write, .slice = slice.to_write};
        if (to_write == SetScheduling{})
            return nice.is_already_so || policy.is_already_so || slice.is_already_so ? Step::already_so
                                                                                     : Step::left_alone;
        if (auto written = write(thread, *now, to_write); !written)
            return tl::unexpected(written.error());
        return Step::written;
    }

private:
    [[nodiscard]] bool is_nice_alone() const { return !wanted_.sched && !wanted_.slice; }

    /// For a nice value alone the two cheap calls are enough, unless the thread turns out to be a real-time one.
    [[nodiscard]] Result<SchedAttr> read(Tid thread) const
    {
        const auto nice = nice_of(thread);
        if (!nice)
            return tl::unexpected(nice.error());
        if (is_nice_alone()) {
            const auto policy = policy_number_of(thread);
            if (!policy)
                return tl::unexpected(policy.error());
            if (!is_realtime_number(*policy))
                return SchedAttr{.policy = *policy, .nice = nice->value()};
        }
        auto attributes = attributes_of(thread);
        if (attributes)
            attributes->nice = nice->value();  // which sched_getattr tells for fair policies only
        return attributes;
    }

    [[nodiscard]] bool is_not_to_be_moved(const SchedAttr& now) const
    {
        if (now.policy == kDeadlinePolicy)
            return true;
        const bool wants_realtime = wanted_.sched && wanted_.sched->is_realtime();
        const bool is_ours = our_policy_ && policy_of(now) == *our_policy_;
        return is_realtime_number(now.policy) && !wants_realtime && !is_ours;
    }

    [[nodiscard]] static Result<void> write(Tid thread, const SchedAttr& attributes, std::optional<Nice> nice)
    {
        auto written = set_attributes(thread, attributes);
        if (written && nice && !takes_nice_and_slice(attributes.policy))
            return set_nice(thread, *nice);
        return written;
    }

    [[nodiscard]] Result<void> write(Tid thread, const SchedAttr& now, const SetScheduling& to_write) const
    {
        if (!to_write.sched && !to_write.slice)
            return set_nice(thread, *to_write.nice);
        return write(thread, merged(now, to_write), to_write.nice);
    }

    /// What the call has to be given, because it sets everything: what is to be written, the rest as it is now.
    [[nodiscard]] SchedAttr merged(const SchedAttr& now, const SetScheduling& to_write) const
    {
        SchedAttr attributes;
        attributes.policy = to_write.sched ? policy_number(to_write.sched->kind) : now.policy;
        attributes.flags = now.flags & kResetOnFork;
        attributes.nice = to_write.nice ? to_write.nice->value() : now.nice;
        if (is_realtime_number(attributes.policy))
            attributes.priority = to_write.sched ? static_cast<std::uint32_t>(to_write.sched->priority) : now.priority;
        else
            attributes.runtime =
                to_write.slice ? runtime_of(to_write.slice->length) : runtime_of(std::chrono::nanoseconds{now.runtime});
        return attributes;
    }

    /// The default slice is asked for as 0: given as a length it would stay when the default changes.
    [[nodiscard]] std::uint64_t runtime_of(std::chrono::nanoseconds slice) const
    {
        const bool is_default = std::chrono::floor<std::chrono::microseconds>(slice) ==
                                std::chrono::floor<std::chrono::microseconds>(default_slice_);
        return is_default ? 0 : static_cast<std::uint64_t>(slice.count());
    }

    SetScheduling wanted_;
    const Nice* our_nice_;
    const SchedPolicy* our_policy_;
    const Slice* our_slice_;
    std::chrono::nanoseconds default_slice_;
    SetScheduling before_;  // of the leader
};

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

/// One overload per action.
struct Carrier {
    ProcfsHandle& process;
    const SettingMap& ours;
    std::chrono::nanoseconds default_slice;

    Outcome operator()(const SetScheduling& action) const
    {
        const bool is_realtime = action.sched && action.sched->is_realtime();
        auto outcome = change_threads(process, SchedulingChange{action, ours, default_slice},
                                      is_realtime ? kNeedsNiceOrBandwidth : kNeedsNice);
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

Outcome DryRunActuator::set_autogroup(ProcessHandle&, Nice)
{
    return {Outcome::Kind::dry_run, {}};
}

}  // namespace priorityd::kernel
