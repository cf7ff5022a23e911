// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/carry_out.hpp"

#include <utility>
#include <vector>

#include "core/plan.hpp"

namespace priorityd {
namespace {

using Kind = Outcome::Kind;

/// Puts numbers in the place of names of CPU sets. What this machine does not have is settled as failed.
void resolve_cpus(SettingMap& wanted, CpuSets& cpu_sets, Ledger& ledger)
{
    const auto* choice = find_value<CpuChoice>(wanted, Setting::cpus);
    const auto* name = choice ? std::get_if<CpuSetName>(choice) : nullptr;
    if (!name)
        return;
    const auto resolved = cpu_sets.resolve(*name);
    if (resolved) {
        wanted.set(Setting::cpus, CpuChoice{*resolved});
    } else {
        ledger.note(Setting::cpus, {Kind::failed, resolved.error().message()});
        wanted.erase(Setting::cpus);
    }
}

/// What was written and is no longer wanted, with the values to go back to.
SettingMap to_put_back(const SettingMap& wanted, const Ledger& ledger)
{
    SettingMap back;
    for (const auto& entry : ledger.entries()) {
        if (entry.written && entry.before && !wanted.contains(entry.setting))
            back.set(entry.setting, *entry.before);
    }
    return back;
}

/// Outcomes of settings that nobody names any more are of no interest.
void forget_unwanted(const SettingMap& wanted, Ledger& ledger)
{
    std::vector<Setting> unwanted;
    for (const auto& entry : ledger.entries()) {
        if (!wanted.contains(entry.setting))
            unwanted.push_back(entry.setting);
    }
    for (const auto setting : unwanted)
        ledger.forget(setting);
}

Outcome outcome_of(const Error& error)
{
    if (error.is_vanished())
        return {Kind::vanished, {}};
    const bool is_dead_knob = error.code == EOPNOTSUPP;
    return {is_dead_knob ? Kind::not_live : Kind::failed, is_dead_knob ? error.doing : error.message()};
}

/// What the process has of each setting in `goal`; what cannot be read is settled.
SettingMap read_actual(ProcessHandle& process, const SettingMap& goal, Ledger& ledger)
{
    SettingMap actual;
    for (const auto& [setting, value] : goal) {
        if (auto now = process.actual(setting))
            actual.set(setting, *std::move(now));
        else
            ledger.note(setting, outcome_of(now.error()));
    }
    return actual;
}

/// What the kernel has made of a value: it cuts a set of CPUs to what the process's cpuset allows. Anything else it
/// takes as it is or not at all.
Value taken(ProcessHandle& process, Setting setting, const Value& wanted)
{
    if (setting != Setting::cpus)
        return wanted;
    const auto now = process.actual(setting);
    return now ? *now : wanted;
}

void count(const Outcome& outcome, Tally& tally)
{
    tally.applied += outcome.kind == Kind::applied ? 1U : 0U;
    tally.failed += outcome.kind == Kind::failed ? 1U : 0U;
}

}  // namespace

Tally carry_out(ProcessHandle& process, const SettingMap& wanted, Ledger& ledger, const Tools& tools)
{
    SettingMap goal = wanted;
    for (auto& [setting, outcome] : settle_dead_knobs(goal, tools.knobs).settled)
        ledger.note(setting, std::move(outcome));
    resolve_cpus(goal, tools.cpu_sets, ledger);
    for (const auto& [setting, value] : to_put_back(wanted, ledger))
        goal.set(setting, value);

    const SettingMap actual = read_actual(process, goal, ledger);
    auto [actions, settled] = plan(goal, actual, ledger);
    for (auto& [setting, outcome] : settled)
        ledger.note(setting, std::move(outcome));
    Tally tally;
    const SettingMap ours = ledger.written();
    for (const auto& action : actions) {
        const auto outcome = tools.actuator.apply(process, action, ours);
        for (const auto setting : settings_of(action)) {
            ledger.note(setting, *actual.find(setting), taken(process, setting, *goal.find(setting)), outcome);
            count(outcome, tally);
        }
    }
    forget_unwanted(wanted, ledger);
    return tally;
}

}  // namespace priorityd
