// SPDX-License-Identifier: GPL-3.0-or-later
/// What the pipeline can tell about processes, for whoever asks. Nothing here is on the exec path.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/cpu_goal.hpp"
#include "core/glob.hpp"
#include "core/pipeline.hpp"

namespace priorityd {
namespace {

/// Which of the names is shown depends on who asks, so that the bus has a last look at it.
bool has_name(const ProcessFilter& filter, const ProcessView& view)
{
    return filter.name.empty() || glob_matches(filter.name, view.name, Case::sensitive) ||
           glob_matches(filter.name, view.public_name, Case::sensitive);
}

bool passes(const ProcessFilter& filter, const ProcessView& view)
{
    return (filter.class_name.empty() || filter.class_name == view.class_name) &&
           (filter.source.empty() || view.source.find(filter.source) != std::string::npos) && has_name(filter, view) &&
           (!filter.uid || *filter.uid == view.uid);
}

/// The settings that explain and GetProcess show as the process has them now.
constexpr std::array kShownActual{Setting::nice,        Setting::sched,      Setting::slice,
                                  Setting::io,          Setting::cpus,       Setting::oom_score_adj,
                                  Setting::timer_slack, Setting::uclamp_min, Setting::uclamp_max};

SettingMap actual_of(ProcessHandle& handle)
{
    SettingMap actual;
    for (const auto setting : kShownActual) {
        if (auto value = handle.actual(setting))
            actual.set(setting, *std::move(value));
    }
    return actual;
}

/// What somebody else has set since priorityd last looked.
void notice_others(ProcessHandle& handle, Ledger& ledger, MachineSource& machine, Instant now)
{
    const auto written = ledger.written();
    for (const auto& [setting, value] : written) {
        const auto actual = handle.actual(setting);
        if (actual && !is_as_written(*actual, value, handle, machine))
            ledger.hold(setting, {Outcome::Kind::held, to_text(*actual)}, now);
    }
}

}  // namespace

std::uint32_t Pipeline::count_with(const std::string& source)
{
    catch_up();
    return static_cast<std::uint32_t>(
        std::ranges::count_if(table_, [&](const auto& entry) { return entry.second.decision.names(source); }));
}

AllOriginals Pipeline::originals()
{
    catch_up();
    AllOriginals originals{.processes = lineage_.originals(table_), .sessions = autogroups_.originals()};
    for (const auto& [pid, tracked] : table_) {
        for (const auto& entry : tracked.ledger.entries()) {
            if (entry.before && entry.written && *entry.before != *entry.written)
                originals.processes.push_back({tracked.process.key, entry.setting, *entry.before, *entry.written});
        }
    }
    return originals;
}

Result<ProcessView> Pipeline::view(Pid pid, const Clocks& clocks)
{
    auto explanation = explain(pid, clocks);
    if (!explanation)
        return tl::unexpected(explanation.error());
    return std::move(explanation->process);
}

std::vector<ProcessView> Pipeline::views(const ProcessFilter& filter)
{
    catch_up();
    std::vector<ProcessView> views;
    for (const auto& [pid, tracked] : table_) {
        auto view = view_of(tracked.process, tracked.decision);
        if (passes(filter, view))
            views.push_back(std::move(view));
    }
    std::ranges::sort(views, {}, &ProcessView::key);
    return views;
}

Result<Explanation> Pipeline::explain(Pid pid, const Clocks& clocks)
{
    catch_up();
    auto handle = world_.source.open(pid);
    if (!handle)
        return tl::unexpected(handle.error());
    if (!(*handle)->is_process())
        return failure(ESRCH, "looking for process " + std::to_string(raw(pid)));
    Snapshot process;
    if (!read_facts(**handle, process, Look::news))
        return failure(ESRCH, "reading process " + std::to_string(raw(pid)));
    auto* tracked = table_.find(pid);
    if (tracked && tracked->process.key != process.key)
        tracked = nullptr;
    if (tracked)
        notice_others(**handle, tracked->ledger, world_.machine, clocks.now);
    const auto decision = tracked ? tracked->decision : votes_alone(**handle, process, clocks.now);
    Explanation explanation{.process = view_of(tracked ? tracked->process : process, decision),
                            .rows = priorityd::explain(decision, tracked ? &tracked->ledger : nullptr, clocks),
                            .shares = {}};
    explanation.process.actual = actual_of(**handle);
    if (const auto standing = (*handle)->cpu_standing())
        explanation.shares = explain_shares(*standing, explanation.process.actual);
    explain_weights(process, decision, explanation.rows);
    explain_slices(**handle, process, explanation.rows);
    if (auto row = autogroup_row(process))
        explanation.rows.push_back(*std::move(row));
    return explanation;
}

/// Of a process that nothing was decided for: what engines say that are not sure enough.
Decision Pipeline::votes_alone(ProcessHandle& handle, Snapshot& process, Instant now) const
{
    auto decision = decide(handle, process, now);
    return decision.has_say() ? Decision{} : decision;
}

/// What has become of a weight is known for the unit, not for the process.
void Pipeline::explain_weights(const Snapshot& process, const Decision& decision, std::vector<ExplainRow>& rows) const
{
    const auto state = weights_.state(process.key.pid);
    for (auto& row : rows) {
        const bool is_weight =
            row.setting == info(Setting::cpu_weight).name || row.setting == info(Setting::io_weight).name;
        if (is_weight && row.effective && row.outcome == kNotTried)
            row.outcome = state ? state->to_text() : "not live: the process is in no unit";
    }
    if (state && !decision.winner(Setting::cpu_weight) && state->wish.cpu)
        rows.push_back({.setting = std::string{info(Setting::cpu_weight).name},
                        .value = priorityd::to_text(Value{*state->wish.cpu}),
                        .source = "unit_weights",
                        .because = "its nice value, as a weight: between units nice counts for nothing",
                        .effective = true,
                        .outcome = state->to_text()});
}

/// Where a slice loses against its siblings, all that is in it does, whatever it weighs itself.
void Pipeline::explain_slices(ProcessHandle& handle, Snapshot& process, std::vector<ExplainRow>& rows) const
{
    if (layers_.policy->settings().slices.empty())
        return;
    if (!process.known.contains(Fact::cgroup))
        (void)handle.read(Fact::cgroup, process);  // of one that has ended meanwhile nothing is to be told
    for (const auto& slice : weights_.slices_above(process.cgroup))
        rows.push_back({.setting = "slice weight",
                        .value = to_text(slice.wanted),
                        .source = "settings",
                        .because = fmt::format("all of {} together, against its siblings", slice.name),
                        .effective = true,
                        .outcome = slice.outcome});
}

std::optional<ExplainRow> Pipeline::autogroup_row(const Snapshot& process) const
{
    const auto state = autogroups_.state(SessionId{process.session});
    if (!state)
        return std::nullopt;
    return ExplainRow{.setting = "autogroup",
                      .value = state->value ? to_text(*state->value) : "unchanged",
                      .source = "autogroup",
                      .because = state->because,
                      .effective = state->value.has_value(),
                      .outcome = state->outcome.empty() ? "nothing to do" : state->outcome};
}

}  // namespace priorityd
