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

/// What nobody has touched, with CPUs. Finding out which there are may load the topology: only where it matters.
SettingMap untouched_with_cpus(const Tools& tools)
{
    SettingMap untouched = tools.untouched;
    if (const auto all = tools.cpu_sets.resolve({"all"}))
        untouched.set(Setting::cpus, CpuChoice{*all});
    return untouched;
}

Plan plan_for(const SettingMap& goal, const SettingMap& actual, const Ledger& ledger, const Tools& tools)
{
    if (goal.contains(Setting::cpus))
        return plan(goal, actual, untouched_with_cpus(tools), ledger);
    return plan(goal, actual, tools.untouched, ledger);
}

void settle(const Plan& plan, Ledger& ledger, Instant now)
{
    for (const auto& [setting, outcome] : plan.settled) {
        if (outcome.kind == Kind::held)
            ledger.hold(setting, outcome, now);
        else
            ledger.note(setting, outcome);
    }
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

/// What is to be remembered of a setting that is about to be written.
Original original(const ProcessKey& key, Setting setting, const SettingMap& actual, const SettingMap& goal,
                  const Ledger& ledger)
{
    const auto* entry = ledger.find(setting);
    const bool is_ours = entry && entry->written && entry->before;
    return {.process = key,
            .setting = setting,
            .before = is_ours ? *entry->before : *actual.find(setting),
            .written = *goal.find(setting)};
}

void count(const Outcome& outcome, Tally& tally)
{
    tally.applied += outcome.kind == Kind::applied ? 1U : 0U;
    tally.failed += outcome.kind == Kind::failed ? 1U : 0U;
}

}  // namespace

Tally carry_out(ProcessHandle& process, const ProcessKey& key, const SettingMap& wanted, Ledger& ledger,
                const Tools& tools, Instant now)
{
    SettingMap goal = wanted;
    settle(settle_dead_knobs(goal, tools.knobs), ledger, now);
    resolve_cpus(goal, tools.cpu_sets, ledger);
    for (const auto& [setting, value] : to_put_back(wanted, ledger))
        goal.set(setting, value);

    const SettingMap actual = read_actual(process, goal, ledger);
    const Plan todo = plan_for(goal, actual, ledger, tools);
    settle(todo, ledger, now);
    Tally tally;
    const SettingMap ours = ledger.written();
    for (const auto& action : todo.actions) {
        for (const auto setting : settings_of(action))
            tools.originals.about_to_write(original(key, setting, actual, goal, ledger));
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
