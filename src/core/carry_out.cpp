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
    auto cpus = find_cpu_goal(question, machine, tools.machine, tools.placement, now);
    const bool was_written = question.entry && question.entry->written && question.entry->before;
    if (cpus.cpus)
        goal.set(Setting::cpus, CpuChoice{*cpus.cpus});
    else if (was_written)
        goal.set(Setting::cpus, *question.entry->before);
    else
        goal.erase(Setting::cpus);
    return cpus;
}

/// What the process has of CPUs becomes what it was given, and the wish becomes numbers; `untouched`: what it would
/// have of them. Empty when there is no wish, or the machine cannot be looked at, which is noted.
std::optional<CpuGoal> aim_cpus(ProcessHandle& process, const Snapshot& known, const CpuChoice* wish, SettingMap& goal,
                                SettingMap& actual, SettingMap& untouched, Ledger& ledger, const Tools& tools,
                                Instant now)
{
    const auto machine = tools.machine.machine();
    if (!machine && wish) {
        ledger.note(Setting::cpus, outcome_of(machine.error()));
        actual.erase(Setting::cpus);
    }
    if (!machine)
        return std::nullopt;  // what is to be put back is, as far as it is found as it was written
    const auto* entry = ledger.find(Setting::cpus);
    const auto given = given_cpus(cpus_in(*actual.find(Setting::cpus)), entry, process, **machine);
    actual.set(Setting::cpus, CpuChoice{given.cpus});
    if (!wish)
        return std::nullopt;
    untouched.set(Setting::cpus, CpuChoice{(*machine)->possible});
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

/// Whether the kernel has refused the CPUs, so that the process takes nobody's place.
bool has_failed(const Ledger::Entry* cpus)
{
    return cpus && cpus->outcome.kind == Kind::failed;
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
    std::optional<CpuGoal> cpus;
    Plan todo;
    if (actual.contains(Setting::cpus)) {
        SettingMap untouched = tools.untouched;
        cpus = aim_cpus(process, known, find_value<CpuChoice>(wanted, Setting::cpus), goal, actual, untouched, ledger,
                        tools, now);
        todo = plan(goal, actual, untouched, ledger);
    } else {
        todo = plan(goal, actual, tools.untouched, ledger);
    }
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
    if (!cpus || has_failed(ledger.find(Setting::cpus)))
        tools.placement.release(known.key.pid, now);
    forget_unwanted(wanted, ledger);
    return tally;
}

}  // namespace priorityd
