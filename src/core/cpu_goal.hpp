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

/// What is asked. References live as long as the call.
struct CpuQuestion {
    const CpuChoice& wish;
    const CpuSet& given;         ///< See given_cpus().
    const Ledger::Entry* entry;  ///< Of its CPUs; null when priorityd has not dealt with them yet.
    ProcessHandle& process;
    const Snapshot& known;  ///< Of the process: its key and, where they were read, its GPUs.
};

struct CpuGoal {
    std::optional<CpuSet> cpus;  ///< To be written; empty when it is to have what it had before priorityd.
    std::string because;         ///< How the wish was understood; empty for numbers that are all there.
    Outcome otherwise{};         ///< Why there are none.
    CpuSet untouched;            ///< What it has while neither priorityd nor anybody else has confined it.
};

/// What the process has of CPUs as it was given to it: of that the kernel leaves out those that are offline or that its
/// control group does not allow (any more), and has it run on all that are left when those are none.
[[nodiscard]] CpuSet given_cpus(const CpuSet& now, const Ledger::Entry* entry, ProcessHandle& process,
                                const Machine& machine);

/// Whether a process that has `now` of a setting still has what was written: of CPUs, as far as above.
[[nodiscard]] bool is_as_written(const Value& now, const Value& written, ProcessHandle& process,
                                 MachineSource& machine);

/// What somebody has confined, by whatever means, gets no set that is chosen for it ("llc:auto"); of others it gets
/// what its control group allows. Who gets no chosen set has none in `placement` afterwards.
[[nodiscard]] CpuGoal find_cpu_goal(const CpuQuestion& question, const Machine& machine, bool kernel_gathers,
                                    Placement& placement, Instant now);

}  // namespace priorityd
