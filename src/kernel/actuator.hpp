// SPDX-License-Identifier: GPL-3.0-or-later
/// What changes processes: the one that does, and the one that would have.
#pragma once

#include <chrono>

#include "core/ports.hpp"
#include "kernel/sched.hpp"

namespace priorityd::kernel {

/// Acts on every thread through system calls. Only for processes that Procfs has opened: it needs their descriptors.
///
/// The leader comes first. Another thread follows, setting by setting, if it has what the leader had before or one of
/// `ours`: a different value was given to it on purpose, by the program or by rtkit. A thread under a real-time policy
/// that is not one of `ours` is never moved by a fair policy or a nice value.
class KernelActuator final : public Actuator {
public:
    /// `default_slice`: what a thread has that asked for none; it is passed on as "default", not as its length.
    explicit KernelActuator(std::chrono::nanoseconds default_slice = kernel::default_slice())
        : default_slice_{default_slice}
    {
    }

    Outcome apply(ProcessHandle& process, const Action& action, const SettingMap& ours) override;
    Outcome apply_at_start(Pid pid, const SetScheduling& action) override;
    Outcome set_autogroup(ProcessHandle& process, Nice nice) override;

private:
    std::chrono::nanoseconds default_slice_;
};

/// Changes nothing.
class DryRunActuator final : public Actuator {
public:
    Outcome apply(ProcessHandle& process, const Action& action, const SettingMap& ours) override;
    Outcome apply_at_start(Pid pid, const SetScheduling& action) override;
    Outcome set_autogroup(ProcessHandle& process, Nice nice) override;
};

}  // namespace priorityd::kernel
