// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engines/rules.hpp"

#include <algorithm>
#include <vector>

#include "core/engines/voices.hpp"

namespace priorityd {
namespace {

constexpr FactSet kNameFacts = Fact::exe | Fact::stat | Fact::argv;

}  // namespace

FactSet RulesEngine::needs(const Snapshot& process) const
{
    // Nearly every rule begins with a name, so the names are read in one go; the rest only for rules they lead to.
    const auto names = kNameFacts.without(process.known);
    if (!names.empty())
        return names;
    std::vector<std::uint32_t> candidates;
    policy_->candidates(process.names, candidates);
    FactSet facts;
    for (const auto number : candidates) {
        if (const auto* condition = policy_->condition(policy_->rules()[number]))
            facts |= missing(*condition, process);
    }
    return facts;
}

Certainty RulesEngine::certainty_by_exe(const Snapshot& process) const
{
    return policy_->certainty_by_exe(process);
}

void RulesEngine::judge(const Snapshot& process, Instant /*now*/, Decision& into) const
{
    std::vector<std::uint32_t> candidates;
    policy_->candidates(process.names, candidates);
    for (const auto number : candidates) {
        const Rule& rule = policy_->rules()[number];
        const auto* condition = policy_->condition(rule);
        if (!condition || matches(*condition, process))
            add(rule, into);
    }
}

void RulesEngine::add(const Rule& rule, Decision& into) const
{
    const auto place = policy_->source_text(rule);
    if (rule.class_index != Rule::kNone)
        Voice{place, "this rule matches"}.give_class(policy_->classes()[rule.class_index], into);
    if (const auto* own = policy_->own_settings(rule))
        Voice{place, "set by this rule"}.give(*own, into);
}

}  // namespace priorityd
