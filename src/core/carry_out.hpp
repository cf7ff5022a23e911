// SPDX-License-Identifier: GPL-3.0-or-later
/// Makes a process what was decided for it, and takes back what is no longer decided.
#pragma once

#include <cstdint>

#include "core/knobs.hpp"
#include "core/ledger.hpp"
#include "core/placement.hpp"
#include "core/ports.hpp"
#include "core/setting.hpp"

namespace priorityd {

/// What it takes to act; references live as long as the daemon.
struct Tools {
    Actuator& actuator;
    MachineSource& machine;
    Placement& placement;
    const Knobs& knobs;
    const SettingMap& untouched;  ///< What a process has that nobody has touched, without cpus: see cpu_goal.hpp.
    Originals& originals;
};

/// How many settings the kernel has taken and refused.
struct Tally {
    std::uint64_t applied = 0;
    std::uint64_t failed = 0;
};

/// Writes the settings of `wanted` that differ, and puts back those in `ledger` that `wanted` no longer has, except
/// those that somebody else has set. `known`: of this very process, its key at least. Every outcome is noted in
/// `ledger`; one that fails stops no other.
Tally carry_out(ProcessHandle& process, const Snapshot& known, const SettingMap& wanted, Ledger& ledger,
                const Tools& tools, Instant now);

}  // namespace priorityd
