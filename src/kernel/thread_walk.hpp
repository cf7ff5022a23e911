// SPDX-License-Identifier: GPL-3.0-or-later
/// The walk over the threads of a process: leader first, then whoever there is, and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "core/action.hpp"
#include "core/result.hpp"
#include "kernel/procfs.hpp"

namespace priorityd::kernel {

/// What was done to one thread.
enum class Step : std::uint8_t { written, already_so, left_alone };
enum class Role : std::uint8_t { leader, follower };
using StepResult = Result<Step>;

/// What a refused attempt is to the core; `capability`: what it would have taken.
[[nodiscard]] Outcome refused(const Error& error, std::string_view capability);

/// What the walk has met so far.
struct Met {
    bool is_written = false;
    bool is_already_so = false;
    std::optional<Error> first_error;

    void note(const StepResult& result);
    [[nodiscard]] Outcome outcome(std::string_view capability) const;
};

/// A process that makes threads faster than they can be followed is given up after so many rounds.
constexpr int kMostRounds = 16;

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

/// Makes a change to all threads of a process. `change`: StepResult(Tid, Role); `capability`: what it takes.
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

}  // namespace priorityd::kernel
