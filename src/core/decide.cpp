// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/decide.hpp"

#include <fmt/format.h>

#include "core/engines/rules.hpp"

namespace priorityd {
namespace {

/// Limits are contributions too: the last ones, so they win, and they are shown.
void add_limits(const Limits& limits, Decision& decision)
{
    const auto settings = decision.effective();
    const auto* nice = find_value<Nice>(settings, Setting::nice);
    if (nice && limits.min_nice && *nice < *limits.min_nice) {
        decision.add({.setting = Setting::nice,
                      .value = *limits.min_nice,
                      .source = "limits",
                      .because = fmt::format("limits.min_nice = {}", limits.min_nice->value())});
    }
    const auto* sched = find_value<SchedPolicy>(settings, Setting::sched);
    if (sched && sched->is_realtime() && !limits.realtime) {
        decision.add({.setting = Setting::sched,
                      .value = SchedPolicy{},
                      .source = "limits",
                      .because = "limits.realtime = false"});
    }
}

}  // namespace

Engines make_engines(const std::shared_ptr<const Policy>& policy)
{
    Engines engines;
    engines.push_back(std::make_unique<const RulesEngine>(policy));
    return engines;
}

FactSet needs(const Engines& engines, const Snapshot& process)
{
    FactSet facts;
    for (const auto& engine : engines)
        facts |= engine->needs(process);
    return facts;
}

Decision decide(const Engines& engines, const Limits& limits, const Snapshot& process, Instant now)
{
    Decision decision;
    for (const auto& engine : engines)
        engine->judge(process, now, decision);
    if (!decision.empty())
        add_limits(limits, decision);
    return decision;
}

Explanation classify(const std::shared_ptr<const Policy>& policy, const GivenFacts& facts)
{
    const auto process = snapshot_of(facts);
    const auto decision = decide(make_engines(policy), policy->settings().limits, process, Instant{});
    return {.process = view_of(process, decision), .rows = explain(decision, nullptr)};
}

}  // namespace priorityd
