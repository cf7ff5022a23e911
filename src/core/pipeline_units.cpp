// SPDX-License-Identifier: GPL-3.0-or-later
/// What the pipeline has to do with units: whose wish a process adds to, and when they are settled. After all that a
/// starting program waits for: a unit's weight is its manager's business, and takes milliseconds.
#include <optional>
#include <utility>

#include "core/pipeline.hpp"

namespace priorityd {

void Pipeline::use_unit_settings()
{
    weights_.want_slices(layers_.policy->settings().slices);
    weights_.use(layers_.policy->settings().session_scopes);
}

void Pipeline::join_unit(ProcessHandle& handle, Snapshot& process, const SettingMap& wanted, const Ledger& ledger,
                         Instant now)
{
    Weights wish = weights_in(wanted);
    const auto by_nice = wish.cpu ? std::nullopt : unit_weight_by_nice(wanted, ledger);
    const bool has_wish = by_nice || !wish.empty();
    if (has_wish && !process.known.contains(Fact::cgroup))
        (void)handle.read(Fact::cgroup, process);  // of a process that has ended meanwhile nothing is to be told
    const auto unit = has_wish ? leaf_unit_of(process.cgroup) : std::nullopt;
    if (unit && by_nice && world_.units.shares_out_cpu(*unit))
        wish.cpu = by_nice;
    if (unit && !wish.empty())
        weights_.add_member(*unit, process.key.pid, {wish, urgency_in_unit(process)}, now);
    else
        weights_.remove(process.key.pid, now);
}

/// A nice value that somebody else has set is no wish of priorityd's.
std::optional<CpuWeight> Pipeline::unit_weight_by_nice(const SettingMap& wanted, const Ledger& ledger) const
{
    const auto knob = knobs_.find(info(Setting::cpu_weight).name);
    if (!layers_.policy->settings().unit_weights || knob == knobs_.end() || !knob->second.is_live)
        return std::nullopt;
    const auto* nice = ledger.find(Setting::nice);
    return nice && nice->held_since ? std::nullopt : weight_by_nice(wanted);
}

void Pipeline::settle_units(Instant now)
{
    for (const auto& stranger : weights_.settle(now)) {
        examine(stranger.pid, now, Look::later);
        if (const auto parent = heritage_of(stranger.pid))
            weights_.add_heir(stranger, *parent, now);
    }
}

/// The parent from which the process has what was decided for both; empty where children start anew.
std::optional<Pid> Pipeline::heritage_of(Pid pid) const
{
    Snapshot process;
    const auto handle = world_.source.open(pid);
    if (!handle || !(*handle)->read(Fact::stat, process))
        return std::nullopt;
    const auto* parent = table_.find(process.parent);
    const auto settings = parent ? parent->decision.effective() : SettingMap{};
    const auto* children = find_value<ChildrenPolicy>(settings, Setting::children);
    return children && *children == ChildrenPolicy::reset ? std::nullopt : std::optional{process.parent};
}

}  // namespace priorityd
