// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/policy_builder.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "core/nearest.hpp"
#include "core/text.hpp"

namespace priorityd {
namespace {

/// The text that a literal pattern stands for: where case is ignored it is kept as a glob.
std::string literal_text(const Pattern& pattern)
{
    return pattern.letters == Case::ignored ? unescape(pattern.text) : pattern.text;
}

/// A rule that asks for one literal name and nothing else is the short form, however it is written: the index alone
/// decides, and no condition has to be kept.
void shorten(RuleDraft& draft)
{
    auto& terms = draft.condition.all_of;
    const bool is_name_alone = terms.size() == 1 && terms.front().key == MatchKey::name &&
                               terms.front().any_of.size() == 1 && draft.condition.except.empty();
    if (!is_name_alone || terms.front().any_of.front().is_glob)
        return;
    draft.exact_name = literal_text(terms.front().any_of.front());
    terms.clear();
}

std::string canonical(const SettingMap& settings)
{
    std::string text;
    for (const auto& [setting, value] : settings)
        text.append(info(setting).name).append("=").append(to_text(value)).push_back('\0');
    return text;
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

std::uint32_t PolicyBuilder::add_origin_file(const std::string& path)
{
    const auto [at, is_new] = origin_file_index_.try_emplace(path, 0);
    if (is_new)
        at->second = add_file(path);
    return at->second;
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
    shorten(draft);
    drafts_.push_back(std::move(draft));
}

void PolicyBuilder::add_lowest(std::vector<RuleDraft> drafts)
{
    std::ranges::for_each(drafts, shorten);
    lowest_ += drafts.size();
    drafts.insert(drafts.end(), std::make_move_iterator(drafts_.begin()), std::make_move_iterator(drafts_.end()));
    drafts_ = std::move(drafts);
}

Policy PolicyBuilder::build(Diagnostics& diagnostics)
{
    const auto twins = check_odds(diagnostics);
    add_rules(diagnostics);
    for (const auto& [a, b] : twins) {
        policy_.index_.yield(a, policy_.rules_[b].name);
        policy_.index_.yield(b, policy_.rules_[a].name);
    }
    policy_.index_.finish();
    drafts_.clear();
    return std::move(policy_);
}

RuleOdds::Pairs PolicyBuilder::check_odds(Diagnostics& diagnostics) const
{
    RuleOdds odds{drafts_};
    for (std::uint32_t i = 0; i < drafts_.size(); ++i) {
        // Another file may well overrule this one: that is what the order of files is for.
        if (i > 0 && i >= lowest_ && (i == lowest_ || drafts_[i].place.file != drafts_[i - 1].place.file))
            odds.forget();
        if (const auto conflict = odds.add(i))
            report(diagnostics, drafts_[i],
                   fmt::format("at odds with the rule for the same programs in line {}: {}; keep one of them",
                               drafts_[conflict->earlier].place.line, conflict->what));
    }
    return odds.twins();
}

void PolicyBuilder::add_rules(Diagnostics& diagnostics)
{
    policy_.rules_.reserve(drafts_.size());
    for (auto& draft : drafts_) {
        Rule rule{.place = draft.place, .class_index = resolve_class(draft, diagnostics)};
        index_name(draft, rule, static_cast<std::uint32_t>(policy_.rules_.size()));
        if (!draft.condition.all_of.empty() || !draft.condition.except.empty())
            rule.condition = keep_condition(std::move(draft.condition));
        if (!draft.settings.empty())
            rule.settings = keep_settings(std::move(draft.settings));
        if (draft.origin && *draft.origin != draft.place)
            rule.origin = keep_origin(draft);
        policy_.rules_.push_back(rule);
    }
}

std::uint32_t PolicyBuilder::resolve_class(const RuleDraft& draft, Diagnostics& diagnostics) const
{
    if (draft.class_name.empty())
        return Rule::kNone;
    const auto found = class_index_.find(draft.class_name);
    if (found != class_index_.end())
        return found->second;
    std::vector<std::string_view> known;
    for (const auto& program_class : policy_.classes_)
        known.push_back(program_class.name);
    report(diagnostics, draft,
           fmt::format("unknown class \"{}\"{}", draft.class_name, suggestion(draft.class_name, known)));
    return Rule::kNone;
}

void PolicyBuilder::index_name(const RuleDraft& draft, Rule& rule, std::uint32_t number)
{
    if (!draft.exact_name.empty())
        rule.name = policy_.index_.add_exact(draft.exact_name, number);
    const auto& terms = draft.condition.all_of;
    const auto name_term = std::ranges::find(terms, MatchKey::name, &Term::key);
    if (name_term == terms.end()) {
        if (draft.exact_name.empty())
            policy_.index_.add_unnamed(number);
        return;
    }
    for (const auto& pattern : name_term->any_of) {
        if (pattern.is_glob)
            policy_.index_.add_glob(pattern.text, number);
        else
            policy_.index_.add_exact(literal_text(pattern), number);
    }
}

std::uint32_t PolicyBuilder::keep_condition(Condition condition)
{
    policy_.needs_ |= needs(condition);
    policy_.conditions_.push_back(std::move(condition));
    return static_cast<std::uint32_t>(policy_.conditions_.size() - 1);
}

std::uint32_t PolicyBuilder::keep_settings(SettingMap settings)
{
    const auto [at, is_new] =
        settings_index_.try_emplace(canonical(settings), static_cast<std::uint32_t>(policy_.own_settings_.size()));
    if (is_new)
        policy_.own_settings_.push_back(std::move(settings));
    return at->second;
}

std::uint32_t PolicyBuilder::keep_origin(const RuleDraft& draft)
{
    policy_.origins_.push_back(*draft.origin);
    return static_cast<std::uint32_t>(policy_.origins_.size() - 1);
}

void PolicyBuilder::report(Diagnostics& diagnostics, const RuleDraft& draft, std::string_view what) const
{
    diagnostics.push_back({.level = Diagnostic::Level::error,
                           .file = policy_.files_.at(draft.place.file),
                           .line = draft.place.line,
                           .column = draft.column,
                           .what = escaped(what)});
}

}  // namespace priorityd
