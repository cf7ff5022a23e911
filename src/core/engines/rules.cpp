// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engines/rules.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace priorityd {
namespace {

constexpr FactSet kNameFacts = Fact::exe | Fact::stat | Fact::argv;

/// Put together by hand: this is on the exec path, where a formatter's code is cold and costs microseconds.
std::string class_reason(const ProgramClass& program_class)
{
    std::string reason = "class " + program_class.name;
    if (!program_class.description.empty())
        reason.append(": ").append(program_class.description);
    return reason;
}

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

bool RulesEngine::knows_by_exe(const Snapshot& process) const
{
    std::vector<std::uint32_t> candidates;
    policy_->candidates(process.names, candidates);
    return !candidates.empty() && std::ranges::none_of(candidates, [this](std::uint32_t number) {
        return policy_->condition(policy_->rules()[number]) != nullptr;
    });
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
    const auto place = policy_->place_text(rule.place);
    if (rule.class_index != Rule::kNone) {
        const ProgramClass& given = policy_->classes()[rule.class_index];
        const auto reason = class_reason(given);
        into.add({.setting = Setting::program_class,
                  .value = ClassName{given.name},
                  .source = place,
                  .because = "this rule matches"});
        for (const auto& [setting, value] : given.settings)
            into.add({.setting = setting,
                      .value = value,
                      .source = place,
                      .because = reason,
                      .origin = Contribution::Origin::from_class});
    }
    if (const auto* own = policy_->own_settings(rule)) {
        for (const auto& [setting, value] : *own)
            into.add({.setting = setting, .value = value, .source = place, .because = "set by this rule"});
    }
}

}  // namespace priorityd
