// SPDX-License-Identifier: GPL-3.0-or-later
/// What is left as it is has to be read first: one system call sets nice value, policy and slice at once.
#include "kernel/scheduling_change.hpp"

#include "kernel/value_change.hpp"

namespace priorityd::kernel {
namespace {

Result<void> write_attributes(Tid thread, const SchedAttr& attributes, std::optional<Nice> nice)
{
    auto written = set_attributes(thread, attributes);
    if (written && nice && !takes_nice_and_slice(attributes.policy))
        return set_nice(thread, *nice);
    return written;
}

}  // namespace

SchedulingChange::SchedulingChange(const SetScheduling& wanted, const SettingMap& ours,
                                   std::chrono::nanoseconds default_slice)
    : wanted_{wanted},
      our_nice_{find_value<Nice>(ours, Setting::nice)},
      our_policy_{find_value<SchedPolicy>(ours, Setting::sched)},
      our_slice_{find_value<Slice>(ours, Setting::slice)},
      default_slice_{default_slice}
{
}

StepResult SchedulingChange::operator()(Tid thread, Role role)
{
    const auto now = read(thread);
    if (!now)
        return tl::unexpected(now.error());
    if (role == Role::leader)
        before_ = {Nice::make(now->nice), policy_of(*now), slice_of(*now)};
    if (is_not_to_be_moved(*now))
        return Step::left_alone;
    const auto* before = role == Role::leader ? nullptr : &before_;
    const auto nice = Share<Nice>::of(wanted_.nice, Nice::make(now->nice), before ? &before->nice : nullptr, our_nice_);
    const auto policy =
        Share<SchedPolicy>::of(wanted_.sched, policy_of(*now), before ? &before->sched : nullptr, our_policy_);
    const auto slice = Share<Slice>::of(wanted_.slice, slice_of(*now), before ? &before->slice : nullptr, our_slice_);
    const SetScheduling to_write{.nice = nice.to_write, .sched = policy.to_write, .slice = slice.to_write};
    if (to_write == SetScheduling{})
        return nice.is_already_so || policy.is_already_so || slice.is_already_so ? Step::already_so : Step::left_alone;
    if (auto written = write(thread, *now, to_write); !written)
        return tl::unexpected(written.error());
    return Step::written;
}

/// For a nice value alone the two cheap calls are enough, unless the thread turns out to be a real-time one.
Result<SchedAttr> SchedulingChange::read(Tid thread) const
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

bool SchedulingChange::is_not_to_be_moved(const SchedAttr& now) const
{
    if (now.policy == kDeadlinePolicy)
        return true;
    const bool wants_realtime = wanted_.sched && wanted_.sched->is_realtime();
    const bool is_ours = our_policy_ && policy_of(now) == *our_policy_;
    return is_realtime_number(now.policy) && !wants_realtime && !is_ours;
}

Result<void> SchedulingChange::write(Tid thread, const SchedAttr& now, const SetScheduling& to_write) const
{
    if (!to_write.sched && !to_write.slice)
        return set_nice(thread, *to_write.nice);
    return write_attributes(thread, merged(now, to_write), to_write.nice);
}

/// What the call has to be given, because it sets everything: what is to be written, the rest as it is now.
SchedAttr SchedulingChange::merged(const SchedAttr& now, const SetScheduling& to_write) const
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
std::uint64_t SchedulingChange::runtime_of(std::chrono::nanoseconds slice) const
{
    const bool is_default = std::chrono::floor<std::chrono::microseconds>(slice) ==
                            std::chrono::floor<std::chrono::microseconds>(default_slice_);
    return is_default ? 0 : static_cast<std::uint64_t>(slice.count());
}

}  // namespace priorityd::kernel
