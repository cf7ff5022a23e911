// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/decide.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/engines/advice.hpp"
#include "core/engines/guard.hpp"
#include "core/engines/inheritance.hpp"
#include "core/engines/overrides.hpp"
#include "core/engines/rules.hpp"
#include "core/names.hpp"

namespace priorityd {
namespace {

const OomScoreAdj kUnprotected = *OomScoreAdj::make(0);

/// Whether a value is more than a program may get that an ordinary user is behind.
bool is_beyond_user_programs(const Limits& limits, const Value& value)
{
    const auto* nice = std::get_if<Nice>(&value);
    const auto* sched = std::get_if<SchedPolicy>(&value);
    const auto* score = std::get_if<OomScoreAdj>(&value);
    return (nice && *nice < limits.user_program_min_nice) || (sched && sched->is_realtime()) ||
           (score && *score < kUnprotected);
}

/// Asks each contribution before they are folded: this is on the exec path, and nearly always the answer is no.
bool is_beyond_user_programs(const Limits& limits, const Decision& decision)
{
    const auto is_beyond = [&](const Value& value) { return is_beyond_user_programs(limits, value); };
    return std::ranges::any_of(decision.contributions(), is_beyond, &Contribution::value) &&
           std::ranges::any_of(decision.effective(), is_beyond, &SettingMap::Entry::second);
}

void limit(Setting setting, Value value, const std::string& because, Decision& decision)
{
    decision.add({.setting = setting, .value = std::move(value), .source = kLimits, .because = because});
}

/// What holds for every process.
void limit_all(const Limits& limits, Decision& decision)
{
    const auto settings = decision.effective();
    const auto* nice = find_value<Nice>(settings, Setting::nice);
    if (nice && limits.min_nice && *nice < *limits.min_nice)
        limit(Setting::nice, *limits.min_nice, "limits.min_nice = " + to_text(Value{*limits.min_nice}), decision);
    const auto* sched = find_value<SchedPolicy>(settings, Setting::sched);
    if (sched && sched->is_realtime() && !limits.realtime)
        limit(Setting::sched, SchedPolicy{}, "limits.realtime = false", decision);
}

void limit_user_program(const Limits& limits, const std::string& why, Decision& decision)
{
    const auto settings = decision.effective();
    const auto* nice = find_value<Nice>(settings, Setting::nice);
    const auto* sched = find_value<SchedPolicy>(settings, Setting::sched);
    const auto* score = find_value<OomScoreAdj>(settings, Setting::oom_score_adj);
    if (nice && *nice < limits.user_program_min_nice)
        limit(Setting::nice, limits.user_program_min_nice,
              why + ": limits.user_program_min_nice = " + to_text(Value{limits.user_program_min_nice}), decision);
    if (sched && sched->is_realtime())
        limit(Setting::sched, SchedPolicy{}, why + ": no real-time policy", decision);
    if (score && *score < kUnprotected)
        limit(Setting::oom_score_adj, kUnprotected, why + ": no protection from the out-of-memory killer", decision);
}

/// The process under the name of its file alone: every other name it has given itself.
Snapshot known_by_file(const Snapshot& process)
{
    Snapshot same = process;
    same.comm.clear();
    same.argv.clear();
    same.names = names_of(same);
    return same;
}

/// A reason for which the process is to be treated as an ordinary user's program; empty when there is none.
std::string distrust(const Engines& engines, const Limits& limits, const Snapshot& process, Instant now)
{
    if (process.is_user_program)
        return "an ordinary user could have put this program there";
    if (process.uid != Uid{0} && !is_beyond_user_programs(limits, judge(engines, known_by_file(process), now)))
        return "known by a name alone that the program has given itself";
    return {};
}

}  // namespace

bool Layers::could_match(std::string_view comm) const
{
    if (policy->could_match(comm) || overrides->could_match(comm))
        return true;
    return std::any_of(user_rules->begin(), user_rules->end(),
                       [&](const auto& user) { return user.second->could_match(comm); });
}

bool Layers::needs_owner() const
{
    return !user_rules->empty() || overrides->needs_owner() || policy->needs().contains(Fact::owner);
}

Engines make_engines(const Layers& layers)
{
    Engines engines;
    engines.push_back(std::make_unique<const InheritanceEngine>());
    engines.push_back(std::make_unique<const AdviceEngine>(layers.policy));
    engines.push_back(std::make_unique<const GuardEngine>());
    engines.push_back(std::make_unique<const RulesEngine>(layers.policy));
    if (!layers.user_rules->empty())
        engines.push_back(
            std::make_unique<const UserRulesEngine>(*layers.user_rules, layers.policy->settings().limits));
    if (!layers.overrides->empty())
        engines.push_back(std::make_unique<const OverridesEngine>(layers.overrides, layers.policy));
    return engines;
}

FactSet needs(const Engines& engines, const Snapshot& process)
{
    FactSet facts;
    for (const auto& engine : engines)
        facts |= engine->needs(process);
    return facts;
}

Decision judge(const Engines& engines, const Snapshot& process, Instant now)
{
    Decision decision;
    for (const auto& engine : engines)
        engine->judge(process, now, decision);
    return decision;
}

FactSet limits_need(const Limits& limits, const Decision& decision, const Snapshot& process)
{
    const bool is_raised = is_beyond_user_programs(limits, decision);
    return is_raised ? (Fact::file | Fact::owner).without(process.known) : FactSet{};
}

void add_limits(const Engines& engines, const Limits& limits, const Snapshot& process, Instant now, Decision& decision)
{
    if (limits.min_nice || !limits.realtime)
        limit_all(limits, decision);
    if (!process.known.contains(Fact::file) || !is_beyond_user_programs(limits, decision))
        return;
    if (const auto why = distrust(engines, limits, process, now); !why.empty())
        limit_user_program(limits, why, decision);
}

Explanation classify(const Layers& layers, const GivenFacts& facts)
{
    const auto process = snapshot_of(facts);
    const auto engines = make_engines(layers);
    auto decision = judge(engines, process, Instant{});
    add_limits(engines, layers.policy->settings().limits, process, Instant{}, decision);
    return {.process = view_of(process, decision), .rows = explain(decision, nullptr, {})};
}

}  // namespace priorityd
