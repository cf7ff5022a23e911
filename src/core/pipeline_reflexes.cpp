// SPDX-License-Identifier: GPL-3.0-or-later
/// What the pipeline does before it looks at a program that has started, and what waits for that look. react() is the
/// exec path at its shortest.
#include <algorithm>
#include <string>
#include <utility>

#include "core/pipeline.hpp"

namespace priorityd {
namespace {

/// How long a program that was reacted to waits for the full look: long enough for whoever was interrupted by it to go
/// on, short enough for nobody to notice. Later than the next tick of most kernels: a timer that is not the next one to
/// go off is set without a word to the hardware.
constexpr auto kFullLookAfter = std::chrono::milliseconds{5};
constexpr std::size_t kMostWaiting = 256;

}  // namespace

/// Neither tracked nor waiting.
bool Pipeline::is_unknown(Pid pid) const
{
    return !table_.find(pid) &&
           std::ranges::none_of(waiting_, [pid](const Reaction& reaction) { return reaction.process.pid == pid; });
}

/// Most programs are known by their file alone, and get their scheduling before anything else of them is read: so
/// whoever was interrupted for it has the CPU back soon. False where the full look is not to wait.
bool Pipeline::react(Pid pid, Instant now)
{
    if (waiting_.size() >= kMostWaiting)
        return false;
    const auto& limits = layers_.policy->settings().limits;
    const auto work_out = [&](const std::string& file) { return reflex(engines_, limits, knobs_, file); };
    const auto exe = world_.source.exe_of(pid);
    const SetScheduling& wanted = reflexes_.of(exe, work_out);
    if (wanted == SetScheduling{})
        return false;
    auto reaction = priorityd::react(pid, exe, wanted, world_.source, tools(), now);
    if (!reaction)
        return false;
    tally_.applied += settings_of(reaction->written).size();
    waiting_.push_back(*std::move(reaction));
    return true;
}

/// In the order in which they came: a parent before its children, who ask what is known of it.
void Pipeline::catch_up()
{
    for (const auto& reaction : std::exchange(waiting_, {})) {
        if (!look_fully(reaction.process.pid, Look::exec, reaction.when, &reaction))
            remember_unseen(reaction);
    }
}

/// It has ended before the full look. Those that it has started may still turn up.
void Pipeline::remember_unseen(const Reaction& reaction)
{
    TrackedProcess unseen{.process = program_of(reaction.exe), .decision = {}, .ledger = ledger_of(reaction)};
    unseen.process.key = reaction.process;
    unseen.decision = judge(engines_, unseen.process, reaction.when);
    lineage_.note_unseen_end(unseen, world_.source.ticks_now());
}

std::optional<Instant> Pipeline::full_looks_due() const
{
    return waiting_.empty() ? std::nullopt : std::optional{waiting_.front().when + kFullLookAfter};
}

}  // namespace priorityd
