// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cpu_goal.hpp"

#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace priorityd {
namespace {

using Kind = Outcome::Kind;

const CpuSet* written_in(const Ledger::Entry* entry)
{
    const auto* choice = entry && entry->written ? std::get_if<CpuChoice>(&*entry->written) : nullptr;
    return choice ? std::get_if<CpuSet>(choice) : nullptr;
}

CpuGoal none(Outcome::Kind kind, std::string why)
{
    return {.cpus = {}, .because = {}, .otherwise = {kind, std::move(why)}, .untouched = {}};
}

CpuGoal none(const Error& error)
{
    return none(error.code == EOPNOTSUPP ? Kind::not_live : Kind::failed, error.doing);
}

/// Those of `wish` that are in `allowed`; all of these when none is. Source: set_cpus_allowed_ptr(),
/// select_fallback_rq() and cpuset_update_tasks_cpumask() in the kernel.
CpuSet left_of(const CpuSet& wish, const CpuSet& allowed)
{
    auto left = wish.intersect(allowed);
    return left.empty() ? allowed : left;
}

/// Whether `now` is what is left of `given`, and nobody has meant anything else. The control group is looked at only
/// where that is not so by what is online.
bool is_what_is_left(const CpuSet& now, const CpuSet& given, ProcessHandle& process, const Machine& machine)
{
    const auto online = given.intersect(machine.online());
    if (now == (online.empty() ? machine.all : online))
        return true;
    const auto group = process.cpuset();
    return group && *group != machine.all && now == left_of(given, *group);
}

/// Whether somebody else than priorityd has given it what it has.
bool is_confined(const CpuQuestion& question, const Machine& machine)
{
    const auto* written = written_in(question.entry);
    return (question.entry && question.entry->held_since) || question.given != (written ? *written : machine.possible);
}

/// Whether its control group has, and nobody else.
bool is_confined_by_group(const CpuQuestion& question)
{
    const auto group = question.process.cpuset();
    return !written_in(question.entry) && group && *group == question.given;
}

CpuGoal choose(const CpuQuestion& question, const CpuSetName& name, const Machine& machine, Placement& placement,
               Instant now)
{
    auto place = placement.place(machine,
                                 {.process = question.known.key,
                                  .name = name,
                                  .busy_threads = question.process.busy_threads(),
                                  .gpus = question.known.uses.gpus},
                                 now);
    if (!place)
        return none(place.error());
    return {.cpus = std::move(place->cpus), .because = std::move(place->because), .otherwise = {}, .untouched = {}};
}

/// CPUs by number may be isolated ones too.
CpuGoal find(const CpuChoice& wish, const Machine& machine)
{
    CpuGoal goal;
    if (const auto* name = std::get_if<CpuSetName>(&wish)) {
        auto set = find_set(machine, *name);
        if (!set)
            return none(set.error());
        goal.cpus = *std::move(set);
        return goal;
    }
    const CpuSet& numbers = std::get<CpuSet>(wish);
    const CpuSet online = machine.online();
    if (numbers.intersect(online).empty())
        return none(Kind::failed, fmt::format("none of {} is online here: {}", numbers.to_text(), online.to_text()));
    const CpuSet here = machine.possible.joined(machine.isolated);
    if (const auto missing = numbers.minus(here); !missing.empty())
        goal.because = fmt::format("without {}, which this machine does not have", missing.to_text());
    goal.cpus = numbers.intersect(here);
    return goal;
}

/// What is left of it in the CPUs of its control group.
CpuGoal cut(CpuGoal goal, const CpuSet& group)
{
    if (!goal.cpus || goal.cpus->minus(group).empty())
        return goal;
    const auto allowed = goal.cpus->intersect(group);
    if (allowed.empty())
        return none(Kind::failed, fmt::format("none of {} is among {}, which its control group is confined to",
                                              goal.cpus->to_text(), group.to_text()));
    goal.cpus = allowed;
    goal.because = fmt::format("its control group is confined to {}", group.to_text());
    return goal;
}

CpuGoal find_goal(const CpuQuestion& question, const Machine& machine, bool kernel_gathers, Placement& placement,
                  Instant now)
{
    const auto* name = std::get_if<CpuSetName>(&question.wish);
    const bool is_of_others = is_confined(question, machine);
    const bool is_of_group = is_of_others && is_confined_by_group(question);
    if (!name || !Placement::is_chosen(*name)) {
        auto goal = find(question.wish, machine);
        return is_of_group ? cut(std::move(goal), question.given) : goal;
    }
    if (is_of_group)
        return none(Kind::not_live, fmt::format("its control group is confined to {}", question.given.to_text()));
    if (is_of_others)
        return none(Kind::held, question.given.to_text());
    if (kernel_gathers && name->text == "llc:auto")
        return none(Kind::not_live, "the kernel gathers the threads of a process by itself (sched/llc_balancing)");
    return choose(question, *name, machine, placement, now);
}

}  // namespace

CpuSet given_cpus(const CpuSet& now, const Ledger::Entry* entry, ProcessHandle& process, const Machine& machine)
{
    const auto* written = written_in(entry);
    if (written && is_what_is_left(now, *written, process, machine))
        return *written;
    return now == machine.all ? machine.possible : now;
}

bool is_as_written(const Value& now, const Value& written, ProcessHandle& process, MachineSource& machine)
{
    if (now == written)
        return true;
    const auto* has = std::get_if<CpuChoice>(&now);
    const auto* given = std::get_if<CpuChoice>(&written);
    if (!has || !given)
        return false;
    const auto here = machine.machine();
    return here && is_what_is_left(std::get<CpuSet>(*has), std::get<CpuSet>(*given), process, **here);
}

CpuGoal find_cpu_goal(const CpuQuestion& question, const Machine& machine, bool kernel_gathers, Placement& placement,
                      Instant now)
{
    auto goal = find_goal(question, machine, kernel_gathers, placement, now);
    const auto* name = std::get_if<CpuSetName>(&question.wish);
    if (!goal.cpus || !name || !Placement::is_chosen(*name))
        placement.release(question.known.key.pid, now);
    goal.untouched = is_confined_by_group(question) ? question.given : machine.possible;
    return goal;
}

}  // namespace priorityd
