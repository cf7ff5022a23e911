// SPDX-License-Identifier: GPL-3.0-or-later
/// From the CPUs that are wished for a process to those that it gets: numbers that this machine has and that its
/// control group allows, or a reason why it is left where it is.
#pragma once

#include <optional>
#include <string>

#include "core/action.hpp"
#include "core/ledger.hpp"
#include "core/placement.hpp"
#include "core/ports.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// What a process has of CPUs, as it was meant: of that the kernel leaves out those that are offline or that its
/// control group does not allow (any more), and has it run on all that are left when those are none.
struct GivenCpus {
    CpuSet cpus;                  ///< What priorityd has written, or `possible`, or what somebody else has made of it.
    std::optional<CpuSet> group;  ///< What its control group confines it to, where that makes a difference.
};

/// `entry`: of its CPUs; null when priorityd has not dealt with them yet. The control group is looked at only where
/// `now` is not what was given, as far as that is online.
[[nodiscard]] GivenCpus given_cpus(const CpuSet& now, const Ledger::Entry* entry, ProcessHandle& process,
                                   const Machine& machine);

/// Whether a process that has `now` of a setting still has what was written: of CPUs, as far as above.
[[nodiscard]] bool is_as_written(const Value& now, const Value& written, ProcessHandle& process, MachineSource& source);

/// What is asked. References live as long as the call.
struct CpuQuestion {
    const CpuChoice& wish;
    const GivenCpus& given;
    const Ledger::Entry* entry;
    ProcessHandle& process;
    const Snapshot& known;  ///< Of the process: key, number of threads, and, where they were read, its GPUs.
};

struct CpuGoal {
    std::optional<CpuSet> cpus;  ///< To be written; empty when it is to have what it had before priorityd.
    std::string because;         ///< How the wish was understood; empty for numbers that are all there.
    Outcome otherwise{};         ///< Why there are none.
};

/// What somebody has confined, by whatever means, gets no set that is chosen for it ("llc:auto"); of others it gets
/// what its control group allows. Who gets no chosen set has none in `placement` afterwards. `source`: of `machine`.
[[nodiscard]] CpuGoal find_cpu_goal(const CpuQuestion& question, const Machine& machine, MachineSource& source,
                                    Placement& placement, Instant now);

}  // namespace priorityd
