// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cpu_goal.hpp"

#include <algorithm>
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
    return {.cpus = {}, .because = {}, .otherwise = {kind, std::move(why)}};
}

CpuGoal none(const Error& error)
{
    return none(error.code == EINVAL ? Kind::failed : Kind::not_live, error.doing);
}

/// Those of `wish` that are in `allowed`; all of these when none is. Source: set_cpus_allowed_ptr(),
/// select_fallback_rq() and cpuset_update_tasks_cpumask() in the kernel.
CpuSet left_of(const CpuSet& wish, const CpuSet& allowed)
{
    auto left = wish.intersect(allowed);
    return left.empty() ? allowed : left;
}

/// What `expected` has become where nobody has meant anything else: itself, with the group that has cut it, if one has.
std::optional<GivenCpus> left_over(const CpuSet& now, const CpuSet& expected, ProcessHandle& process,
                                   const Machine& machine)
{
    const auto online = expected.intersect(machine.online());
    if (now == (online.empty() ? machine.all : online))
        return GivenCpus{.cpus = expected, .group = {}};
    const auto group = process.cpuset();
    if (group && *group != machine.all && now == left_of(expected, *group))
        return GivenCpus{.cpus = expected, .group = *group};
    return std::nullopt;
}

/// Whether somebody else than priorityd has given it what it has.
bool is_held(const CpuQuestion& question, const Machine& machine)
{
    const auto* written = written_in(question.entry);
    return (question.entry && question.entry->held_since) ||
           question.given.cpus != (written ? *written : machine.possible);
}

/// What an earlier priorityd has chosen for it, and not for the process that started it.
CpuSet chosen_earlier(const CpuQuestion& question, const Machine& machine)
{
    const auto* written = written_in(question.entry);
    const bool is_inherited = std::ranges::find(question.known.inherited, Setting::cpus, &Inherited::setting) !=
                              question.known.inherited.end();
    return written && !is_inherited && *written != machine.possible ? *written : CpuSet{};
}

CpuGoal choose(const CpuQuestion& question, const CpuSetName& name, const Machine& machine, Placement& placement,
               Instant now)
{
    const int busy_threads = question.known.threads > 1 ? question.process.busy_threads() : 1;
    auto place = placement.place(machine,
                                 {.process = question.known.key,
                                  .name = name,
                                  .busy_threads = busy_threads,
                                  .gpus = question.known.uses.gpus,
                                  .has = chosen_earlier(question, machine)},
                                 now);
    if (!place)
        return none(place.error());
    return {.cpus = std::move(place->cpus), .because = std::move(place->because), .otherwise = {}};
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
    const auto& numbers = std::get<CpuSet>(wish);
    const CpuSet online = machine.online();
    if (numbers.intersect(online).empty())
        return none(Kind::failed, fmt::format("none of {} is online here: {}", numbers.to_text(), online.to_text()));
    const CpuSet here = machine.possible.joined(machine.isolated);
    if (const auto missing = numbers.minus(here); !missing.empty())
        goal.because = fmt::format("without {}, which this machine does not have", missing.to_text());
    goal.cpus = numbers.intersect(here);
    return goal;
}

/// The kernel leaves out by itself what the group does not allow, as long as it allows any.
CpuGoal within(CpuGoal goal, const CpuSet& group)
{
    if (!goal.cpus || goal.cpus->minus(group).empty())
        return goal;
    if (goal.cpus->intersect(group).empty())
        return none(Kind::failed, fmt::format("none of {} is among {}, which its control group is confined to",
                                              goal.cpus->to_text(), group.to_text()));
    goal.because = fmt::format("its control group is confined to {}", group.to_text());
    return goal;
}

CpuGoal find_chosen(const CpuQuestion& question, const CpuSetName& name, const Machine& machine, MachineSource& source,
                    Placement& placement, Instant now)
{
    if (question.given.group) {
        placement.suspend(question.known.key.pid, now);
        return none(Kind::not_live,
                    fmt::format("its control group is confined to {}", question.given.group->to_text()));
    }
    if (name.text == "llc:auto" && source.gathers_by_cache()) {
        placement.suspend(question.known.key.pid, now);
        return none(Kind::not_live, "the kernel gathers the threads of a process by itself (sched/llc_balancing)");
    }
    return choose(question, name, machine, placement, now);
}

}  // namespace

GivenCpus given_cpus(const CpuSet& now, const Ledger::Entry* entry, ProcessHandle& process, const Machine& machine)
{
    const auto* written = written_in(entry);
    auto left = left_over(now, written ? *written : machine.possible, process, machine);
    return left ? *std::move(left) : GivenCpus{.cpus = now, .group = {}};
}

bool is_as_written(const Value& now, const Value& written, ProcessHandle& process, MachineSource& source)
{
    if (now == written)
        return true;
    const auto* has = std::get_if<CpuChoice>(&now);
    const auto* given = std::get_if<CpuChoice>(&written);
    if (!has || !given)
        return false;
    const auto machine = source.machine();
    return machine && left_over(std::get<CpuSet>(*has), std::get<CpuSet>(*given), process, **machine);
}

CpuGoal find_cpu_goal(const CpuQuestion& question, const Machine& machine, MachineSource& source, Placement& placement,
                      Instant now)
{
    const auto* name = std::get_if<CpuSetName>(&question.wish);
    const bool is_chosen = name && Placement::is_chosen(*name);
    if (is_chosen && !is_held(question, machine))
        return find_chosen(question, *name, machine, source, placement, now);
    placement.release(question.known.key.pid, now);
    if (is_chosen)
        return none(Kind::held, question.given.cpus.to_text());
    auto goal = find(question.wish, machine);
    return question.given.group ? within(std::move(goal), *question.given.group) : goal;
}

}  // namespace priorityd
