// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/policy_builder.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/nearest.hpp"
#include "core/text.hpp"

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

std::string canonical(const RuleDraft& draft)
{
    if (draft.exact_names.empty())
        return canonical(draft.condition);
    const auto& name = draft.exact_names.front();
    const Pattern pattern{.text = is_windows_name(name) ? ascii_lower(name) : name};
    return canonical(Condition{.all_of = {Term{MatchKey::name, {pattern}}}, .except = {}});
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

bool is_literal(const Pattern& pattern)
{
    return !pattern.is_glob;
}

}  // namespace

PolicyBuilder::PolicyBuilder(const Policy& base)
{
    policy_.files_ = base.files();
    for (const auto& program_class : base.classes())
        define_class(program_class);
}

std::uint32_t PolicyBuilder::add_file(std::string path)
{
    policy_.files_.push_back(std::move(path));
    return static_cast<std::uint32_t>(policy_.files_.size() - 1);
}

void PolicyBuilder::define_class(ProgramClass program_class)
{
    const auto [at, is_new] =
        class_index_.try_emplace(program_class.name, static_cast<std::uint32_t>(policy_.classes_.size()));
    if (is_new) {
        policy_.classes_.push_back(std::move(program_class));
        return;
    }
    auto& known = policy_.classes_[at->second];
    for (auto& [setting, value] : program_class.settings)
        known.settings.set(setting, value);
    if (!program_class.description.empty())
        known.description = std::move(program_class.description);
    known.place = program_class.place;
}

void PolicyBuilder::add_rule(RuleDraft draft)
{
    drafts_.push_back(std::move(draft));
}

Policy PolicyBuilder::build(Diagnostics& diagnostics)
{
    for (const auto& draft : drafts_)
        check_odds(draft, diagnostics);
    seen_.clear();
    policy_.rules_.reserve(drafts_.size());
    for (auto& draft : drafts_) {
        Rule rule{.place = draft.place};
        resolve_class(draft, rule, diagnostics);
        index(draft, rule, static_cast<std::uint32_t>(policy_.rules_.size()));
        policy_.rules_.push_back(rule);
    }
    policy_.index_.finish();
    drafts_.clear();
    return std::move(policy_);
}

void PolicyBuilder::resolve_class(const RuleDraft& draft, Rule& rule, Diagnostics& diagnostics) const
{
    if (draft.class_name.empty())
        return;
    const auto found = class_index_.find(draft.class_name);
    if (found != class_index_.end()) {
        rule.class_index = found->second;
        return;
    }
    std::vector<std::string_view> known;
    for (const auto& program_class : policy_.classes_)
        known.push_back(program_class.name);
    report(diagnostics, draft, Diagnostic::Level::error,
           fmt::format("unknown class \"{}\"{}", draft.class_name, suggestion(draft.class_name, known)));
}

void PolicyBuilder::check_odds(const RuleDraft& draft, Diagnostics& diagnostics)
{
    if (std::exchange(seen_file_, draft.place.file) != draft.place.file)
        seen_.clear();  // another file may well overrule this one: that is what the order of files is for
    const auto number = static_cast<std::size_t>(&draft - drafts_.data());
    const auto [at, is_new] = seen_.try_emplace(canonical(draft), number);
    if (is_new)
        return;
    const RuleDraft& earlier = drafts_[at->second];
    const auto what = difference(earlier, draft);
    if (what.empty())
        return;
    report(diagnostics, draft, Diagnostic::Level::error,
           fmt::format("at odds with the rule for the same programs in line {}: {}; keep one of them",
                       earlier.place.line, what));
}

void PolicyBuilder::index(RuleDraft& draft, Rule& rule, std::uint32_t number)
{
    for (const auto& name : draft.exact_names)
        rule.name = policy_.index_.add_exact(name, number);
    auto& terms = draft.condition.all_of;
    const auto name_term = std::ranges::find(terms, MatchKey::name, &Term::key);
    if (name_term != terms.end()) {
        for (const auto& pattern : name_term->any_of) {
            if (is_literal(pattern))
                policy_.index_.add_exact(pattern.text, number);
            else
                policy_.index_.add_glob(pattern.text, number);
        }
    } else if (draft.exact_names.empty()) {
        policy_.index_.add_unnamed(number);
    }
    if (!terms.empty() || !draft.condition.except.empty()) {
        policy_.needs_ |= needs(draft.condition);
        rule.condition = static_cast<std::uint32_t>(policy_.conditions_.size());
        policy_.conditions_.push_back(std::move(draft.condition));
    }
    if (!draft.settings.empty()) {
        rule.settings = static_cast<std::uint32_t>(policy_.own_settings_.size());
        policy_.own_settings_.push_back(std::move(draft.settings));
    }
}

void PolicyBuilder::report(Diagnostics& diagnostics, const RuleDraft& draft, Diagnostic::Level level,
                           std::string_view what) const
{
    diagnostics.push_back({.level = level,
                           .file = policy_.files_.at(draft.place.file),
                           .line = draft.place.line,
                           .column = draft.column,
                           .what = escaped(what)});
}

}  // namespace priorityd
