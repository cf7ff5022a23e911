// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/reflexes.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "core/names.hpp"
#include "core/plan.hpp"

namespace priorityd {
namespace {

/// One system call for all of them, and what a program's speed depends on first.
constexpr std::array kSettings{Setting::nice, Setting::sched, Setting::slice};

std::optional<SettingMap> scheduling_of(Pid pid, const SettingMap& wanted, ProcessSource& source)
{
    SettingMap actual;
    for (const auto& [setting, value] : wanted) {
        auto present = source.scheduling_of(pid, setting);
        if (!present)
            return std::nullopt;
        actual.set(setting, *std::move(present));
    }
    return actual;
}

bool is_held(const Plan& plan)
{
    return std::ranges::any_of(plan.settled,
                               [](const auto& settled) { return settled.second.kind == Outcome::Kind::held; });
}

}  // namespace

SettingMap reflex(const Engines& engines, const Limits& limits, const Knobs& knobs, const std::string& exe)
{
    const Snapshot process = program_of(exe);
    const auto is_unsure = [&](const auto& engine) { return engine->certainty_by_exe(process) == Certainty::unsure; };
    if (exe.empty() || std::ranges::any_of(engines, is_unsure))
        return {};
    auto decision = judge(engines, process, Instant{});
    if (!limits_need(limits, decision, process).empty())
        return {};
    add_limits(engines, limits, process, Instant{}, decision);
    auto wanted = decision.effective();
    (void)settle_dead_knobs(wanted, knobs);
    SettingMap reflex;
    for (const auto setting : kSettings) {
        if (const auto* value = wanted.find(setting))
            reflex.set(setting, *value);
    }
    return reflex;
}

std::optional<Reaction> react(Pid pid, std::string exe, const SettingMap& wanted, ProcessSource& source,
                              const Tools& tools, Instant now)
{
    auto actual = scheduling_of(pid, wanted, source);
    if (!actual)
        return std::nullopt;
    const Plan todo = plan(wanted, *actual, tools.untouched, {});
    if (is_held(todo))
        return std::nullopt;
    Reaction reaction{.process = {pid, source.ticks_now()},
                      .exe = std::move(exe),
                      .when = now,
                      .before = *std::move(actual),
                      .written = {}};
    for (const auto& action : todo.actions) {
        for (const auto setting : settings_of(action)) {
            const auto& value = *wanted.find(setting);
            tools.originals.about_to_write({.process = reaction.process,
                                            .setting = setting,
                                            .before = *reaction.before.find(setting),
                                            .written = value});
            reaction.written.set(setting, value);
        }
        if (tools.actuator.apply_at_start(pid, std::get<SetScheduling>(action)).kind != Outcome::Kind::applied)
            return std::nullopt;
    }
    return reaction;
}

Ledger ledger_of(const Reaction& reaction)
{
    Ledger ledger;
    for (const auto& [setting, value] : reaction.written)
        ledger.note(setting, *reaction.before.find(setting), value, {Outcome::Kind::applied, {}});
    return ledger;
}

Snapshot program_of(const std::string& exe)
{
    Snapshot process;
    process.exe = exe;
    process.names = names_of(process);
    process.known = Fact::exe;
    return process;
}

}  // namespace priorityd
