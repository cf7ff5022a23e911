// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/carry_out.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "core/cpu_goal.hpp"
#include "core/plan.hpp"

namespace priorityd {
namespace {

using Kind = Outcome::Kind;

/// `value`: of the setting cpus, as it is read and written.
const CpuSet& cpus_in(const Value& value)
{
    return std::get<CpuSet>(std::get<CpuChoice>(value));
}

/// What was written and is no longer wanted, or can no longer be had, with the values to go back to.
SettingMap to_put_back(const SettingMap& goal, const Ledger& ledger)
{
    SettingMap back;
    for (const auto& entry : ledger.entries()) {
        if (entry.written && entry.before && !goal.contains(entry.setting))
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
Value taken(ProcessHandle& process, Setting setting, const Value& wanted, const Tools& tools)
{
    if (setting != Setting::cpus)
        return wanted;
    const auto now = process.actual(setting);
    return !now || is_as_written(*now, wanted, process, tools.machine) ? wanted : *now;
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

/// The wish for CPUs becomes numbers in `goal`; what cannot be had is put back. Returns how it was understood.
CpuGoal settle_cpus(const CpuQuestion& question, SettingMap& goal, const Tools& tools, const Machine& machine,
                    Instant now)
{
    auto cpus = find_cpu_goal(question, machine, tools.machine.gathers_by_cache(), tools.placement, now);
    const bool was_written = question.entry && question.entry->written && question.entry->before;
    if (cpus.cpus)
        goal.set(Setting::cpus, CpuChoice{*cpus.cpus});
    else if (was_written)
        goal.set(Setting::cpus, *question.entry->before);
    else
        goal.erase(Setting::cpus);
    return cpus;
}

/// What is known of a process's CPUs comes as it was given to it, and the wish as numbers. Empty when there is no wish,
/// or it cannot be looked at, which is noted.
std::optional<CpuGoal> aim_cpus(ProcessHandle& process, const Snapshot& known, const SettingMap& wanted,
                                SettingMap& goal, SettingMap& actual, Ledger& ledger, const Tools& tools, Instant now)
{
    const auto machine = tools.machine.machine();
    if (!machine) {
        ledger.note(Setting::cpus, outcome_of(machine.error()));
        actual.erase(Setting::cpus);
        return std::nullopt;
    }
    const auto* entry = ledger.find(Setting::cpus);
    const auto given = given_cpus(cpus_in(*actual.find(Setting::cpus)), entry, process, **machine);
    actual.set(Setting::cpus, CpuChoice{given});
    const auto* wish = find_value<CpuChoice>(wanted, Setting::cpus);
    if (!wish)
        return std::nullopt;
    return settle_cpus({.wish = *wish, .given = given, .entry = entry, .process = process, .known = known}, goal, tools,
                       **machine, now);
}

void note_cpus(const CpuGoal& cpus, Ledger& ledger, Instant now)
{
    if (cpus.cpus)
        ledger.remark(Setting::cpus, cpus.because);
    else if (cpus.otherwise.kind == Kind::held)
        ledger.hold(Setting::cpus, cpus.otherwise, now);
    else
        ledger.note(Setting::cpus, cpus.otherwise);
}

}  // namespace

Tally carry_out(ProcessHandle& process, const Snapshot& known, const SettingMap& wanted, Ledger& ledger,
                const Tools& tools, Instant now)
{
    SettingMap goal = wanted;
    settle(settle_dead_knobs(goal, tools.knobs), ledger, now);
    for (const auto& [setting, value] : to_put_back(wanted, ledger))
        goal.set(setting, value);
    SettingMap actual = read_actual(process, goal, ledger);
    SettingMap untouched = tools.untouched;
    std::optional<CpuGoal> cpus;
    if (actual.contains(Setting::cpus))
        cpus = aim_cpus(process, known, wanted, goal, actual, ledger, tools, now);
    if (cpus)
        untouched.set(Setting::cpus, CpuChoice{cpus->untouched});

    const Plan todo = plan(goal, actual, untouched, ledger);
    settle(todo, ledger, now);
    Tally tally;
    const SettingMap ours = ledger.written();
    for (const auto& action : todo.actions) {
        for (const auto setting : settings_of(action))
            tools.originals.about_to_write(original(known.key, setting, actual, goal, ledger));
        const auto outcome = tools.actuator.apply(process, action, ours);
        for (const auto setting : settings_of(action)) {
            ledger.note(setting, *actual.find(setting), taken(process, setting, *goal.find(setting), tools), outcome);
            count(outcome, tally);
        }
    }
    if (cpus)
        note_cpus(*cpus, ledger, now);
    else
        tools.placement.release(known.key.pid, now);
    forget_unwanted(wanted, ledger);
    return tally;
}

}  // namespace priorityd
