// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/reflexes.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/names.hpp"
#include "core/plan.hpp"

namespace priorityd {
namespace {

template <typename T>
std::optional<T> value_in(const SettingMap& settings, Setting setting)
{
    const T* value = find_value<T>(settings, setting);
    return value ? std::optional{*value} : std::nullopt;
}

SetScheduling scheduling_in(const SettingMap& settings)
{
    return {.nice = value_in<Nice>(settings, Setting::nice),
            .sched = value_in<SchedPolicy>(settings, Setting::sched),
            .slice = value_in<Slice>(settings, Setting::slice)};
}

/// False where somebody else has set what is there. What is not wanted has to be as nobody has touched it, too: a nice
/// value beside another policy is somebody's choice.
template <typename T>
bool take_missing(const std::optional<T>& wanted, const std::optional<T>& present, const std::optional<T>& untouched,
                  std::optional<T>& missing)
{
    if (wanted && present == wanted)
        return true;
    if (present != untouched)
        return false;
    missing = wanted;
    return true;
}

/// What is to be written; empty where somebody else has set something. The same as plan() says of a process without a
/// ledger, for these three alone, because a start waits for it.
std::optional<SetScheduling> missing(const SetScheduling& wanted, const SetScheduling& present,
                                     const SetScheduling& untouched)
{
    SetScheduling missing;
    const bool is_free = take_missing(wanted.nice, present.nice, untouched.nice, missing.nice) &&
                         take_missing(wanted.sched, present.sched, untouched.sched, missing.sched) &&
                         (!wanted.slice || take_missing(wanted.slice, present.slice, untouched.slice, missing.slice));
    return is_free ? std::optional{missing} : std::nullopt;
}

/// Calls visit(setting, before, written) for each that was written.
template <typename Visit>
void for_each_written(const Reaction& reaction, Visit visit)
{
    const auto& [nice, sched, slice] = reaction.written;
    if (nice)
        visit(Setting::nice, *reaction.before.nice, *nice);
    if (sched)
        visit(Setting::sched, *reaction.before.sched, *sched);
    if (slice)
        visit(Setting::slice, *reaction.before.slice, *slice);
}

}  // namespace

SetScheduling reflex(const Engines& engines, const Limits& limits, const Knobs& knobs, const std::string& exe)
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
    return scheduling_in(wanted);
}

std::optional<Reaction> react(Pid pid, std::string exe, const SetScheduling& wanted, ProcessSource& source,
                              const Tools& tools, Instant now)
{
    const auto present = source.scheduling_of(pid);
    const auto to_write = present ? missing(wanted, *present, scheduling_in(tools.untouched)) : std::nullopt;
    if (!to_write)
        return std::nullopt;
    Reaction reaction{.process = {pid, source.ticks_now()},
                      .exe = std::move(exe),
                      .when = now,
                      .before = *present,
                      .written = *to_write};
    if (reaction.written == SetScheduling{})
        return reaction;
    for_each_written(reaction, [&](Setting setting, const Value& before, const Value& written) {
        tools.originals.about_to_write(
            {.process = reaction.process, .setting = setting, .before = before, .written = written});
    });
    const auto outcome = tools.actuator.apply_at_start(pid, *to_write);
    return outcome.kind == Outcome::Kind::applied ? std::optional{std::move(reaction)} : std::nullopt;
}

Ledger ledger_of(const Reaction& reaction)
{
    Ledger ledger;
    for_each_written(reaction, [&](Setting setting, const Value& before, const Value& written) {
        ledger.note(setting, before, written, {Outcome::Kind::applied, {}});
    });
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

void rewind(const Reaction& reaction, Snapshot& process)
{
    if (reaction.written.nice)
        process.nice = reaction.before.nice;
    if (reaction.written.sched)
        process.sched = reaction.before.sched;
    if (process.exe == reaction.exe)
        return;
    process.exe = reaction.exe;
    process.comm = base_name(reaction.exe);
    process.argv = {reaction.exe};
    process.names = names_of(process);
}

}  // namespace priorityd
