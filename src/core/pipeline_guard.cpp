// SPDX-License-Identifier: GPL-3.0-or-later
/// What the pipeline has to do with the guard: what it tells it of processes, and how far its restraints go.
#include <algorithm>

#include "core/pipeline.hpp"

namespace priorityd {

Standing Pipeline::standing_of(const ProcessKey& process) const
{
    const auto* tracked = table_.find(process.pid);
    const bool is_left_alone = process.pid == kInit || process.pid == world_.own_pid;
    if (!tracked || tracked->process.key != process)
        return {.is_spoken_for = is_left_alone};
    const auto settings = tracked->decision.effective();
    const auto* nice = find_value<Nice>(settings, Setting::nice);
    const auto* sched = find_value<SchedPolicy>(settings, Setting::sched);
    // What came along from a raised parent is put back to the usual, for which nobody has asked.
    const auto is_asked_for = [&](const auto& entry) {
        const auto* usual = world_.untouched.find(entry.first);
        return !tracked->decision.asker(entry.first).starts_with("engine ") && (!usual || *usual != entry.second);
    };
    return {.is_raised = (nice && nice->value() < 0) || (sched && sched->is_realtime()),
            .is_spoken_for = is_left_alone || std::ranges::any_of(settings, is_asked_for),
            .is_decided = true};
}

/// Whether the guard restrains it, and it shares what is to be lowered with none of those whom that is to help.
template <typename Shares>
bool Pipeline::spares_nobody(const Snapshot& process, FactSet facts, Shares shares) const
{
    return process.restraint && std::ranges::none_of(process.restraint->spared, [&](const ProcessKey& key) {
               Snapshot other;
               const auto handle = world_.source.open(key.pid);
               return handle && (*handle)->read(facts, other) && other.key == key && shares(other);
           });
}

bool Pipeline::presses_its_session(const Snapshot& process) const
{
    return spares_nobody(process, Fact::stat, [&](const Snapshot& other) { return other.session == process.session; });
}

/// Precondition: its cgroup is known.
Urgency Pipeline::urgency_in_unit(const Snapshot& process) const
{
    const auto unit = leaf_unit_of(process.cgroup);
    const auto is_in_unit = [&](const Snapshot& other) { return leaf_unit_of(other.cgroup) == unit; };
    return spares_nobody(process, Fact::stat | Fact::cgroup, is_in_unit) ? Urgency::pressing : Urgency::usual;
}

}  // namespace priorityd
