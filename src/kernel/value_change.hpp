// SPDX-License-Identifier: GPL-3.0-or-later
/// Changes of a single value, which the walk over the threads carries from the leader to those that had the same.
#pragma once

#include <chrono>
#include <optional>
#include <utility>

#include "core/action.hpp"
#include "core/result.hpp"
#include "core/units.hpp"
#include "kernel/procfs.hpp"
#include "kernel/sched.hpp"
#include "kernel/thread_walk.hpp"

namespace priorityd::kernel {

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

/// The I/O priority.
struct IoKnob {
    using Value = IoPriority;
    static Result<IoPriority> read(Tid thread) { return io_priority_of(thread); }
    static Result<void> write(Tid thread, const IoPriority& priority) { return set_io_priority(thread, priority); }
};

/// The CPUs that a thread may use.
struct AffinityKnob {
    using Value = CpuSet;
    static Result<CpuSet> read(Tid thread) { return affinity_of(thread); }
    static Result<void> write(Tid thread, const CpuSet& cpus) { return set_affinity(thread, cpus); }
};

/// The timer slack, as a length: a real-time thread has none of it.
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

}  // namespace priorityd::kernel
