// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rule_odds.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace priorityd {
namespace {

/// A text that is equal for conditions that match the same processes as far as their words tell.
std::string canonical(const Condition& condition)
{
    std::string text;
    for (const auto& term : condition.all_of) {
        std::vector<std::string> words;
        for (const auto& pattern : term.any_of)
            words.push_back(pattern.letters == Case::ignored ? ascii_lower(pattern.text) : pattern.text);
        std::ranges::sort(words);
        text += fmt::format("{}=", static_cast<int>(term.key));
        for (const auto& word : words)
            text += word + '\0';
    }
    for (const auto& exception : condition.except)
        text += fmt::format("!({})", canonical(exception));
    return text;
}

/// The first thing that both rules say and say differently; empty when they can stand side by side.
std::string difference(const RuleDraft& a, const RuleDraft& b)
{
    if (!a.class_name.empty() && !b.class_name.empty() && a.class_name != b.class_name)
        return fmt::format("class \"{}\" there, \"{}\" here", a.class_name, b.class_name);
    for (const auto& [setting, value] : b.settings) {
        const auto* other = a.settings.find(setting);
        if (other && !(*other == value))
            return fmt::format("{} = {} there, {} here", info(setting).name, to_text(*other), to_text(value));
    }
    return {};
}

}  // namespace

void RuleOdds::forget()
{
    by_name_.clear();
    next_spelling_.clear();
    by_condition_.clear();
}

std::optional<RuleOdds::Conflict> RuleOdds::add(std::uint32_t draft)
{
    const RuleDraft& rule = (*drafts_)[draft];
    if (!rule.exact_name.empty())
        return add_named(draft);
    const auto [at, is_new] = by_condition_.try_emplace(canonical(rule.condition), draft);
    return is_new ? std::nullopt : compare(at->second, draft);
}

std::optional<RuleOdds::Conflict> RuleOdds::add_named(std::uint32_t draft)
{
    const RuleDraft& rule = (*drafts_)[draft];
    const auto [at, is_new] = by_name_.try_emplace(rule.exact_name, draft);
    if (is_new)
        return std::nullopt;
    for (std::uint32_t known = at->second;;) {
        const RuleDraft& earlier = (*drafts_)[known];
        if (!earlier.origin || !rule.origin || earlier.exact_name == rule.exact_name)
            return compare(known, draft);
        twins_.emplace_back(known, draft);
        const auto [next, is_last] = next_spelling_.try_emplace(known, draft);
        if (is_last)
            return std::nullopt;
        known = next->second;
    }
}

/// Of imported rules the later one holds, as where they come from.
std::optional<RuleOdds::Conflict> RuleOdds::compare(std::uint32_t earlier, std::uint32_t later) const
{
    const RuleDraft& a = (*drafts_)[earlier];
    const RuleDraft& b = (*drafts_)[later];
    auto what = a.origin && b.origin ? std::string{} : difference(a, b);
    if (what.empty())
        return std::nullopt;
    return Conflict{.earlier = earlier, .what = std::move(what)};
}

}  // namespace priorityd
