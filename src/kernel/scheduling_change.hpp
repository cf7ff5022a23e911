// SPDX-License-Identifier: GPL-3.0-or-later
/// The change of nice value, policy and slice: each followed for itself, all written together.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/action.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/setting.hpp"
#include "core/units.hpp"
#include "kernel/sched.hpp"
#include "kernel/thread_walk.hpp"

namespace priorityd::kernel {

/// For one walk over the threads of one process.
class SchedulingChange {
public:
    /// `ours`, which must outlive this: values that priorityd has written earlier. `default_slice`: as KernelActuator
    /// has it.
    SchedulingChange(const SetScheduling& wanted, const SettingMap& ours, std::chrono::nanoseconds default_slice);

    /// Errors: those of the calls on one thread.
    StepResult operator()(Tid thread, Role role);

private:
    [[nodiscard]] bool is_nice_alone() const { return !wanted_.sched && !wanted_.slice; }
    [[nodiscard]] Result<SchedAttr> read(Tid thread) const;
    [[nodiscard]] bool is_not_to_be_moved(const SchedAttr& now) const;
    [[nodiscard]] Result<void> write(Tid thread, const SchedAttr& now, const SetScheduling& to_write) const;
    [[nodiscard]] SchedAttr merged(const SchedAttr& now, const SetScheduling& to_write) const;
    [[nodiscard]] std::uint64_t runtime_of(std::chrono::nanoseconds slice) const;

    SetScheduling wanted_;
    const Nice* our_nice_;
    const SchedPolicy* our_policy_;
    const Slice* our_slice_;
    std::chrono::nanoseconds default_slice_;
    SetScheduling before_;  // of the leader
};

}  // namespace priorityd::kernel
