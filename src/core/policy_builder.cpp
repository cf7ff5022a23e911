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

/// A later file goes over an earlier one.
void refine_limits(LimitChanges& known, const LimitChanges& later)
{
    const auto take = [](auto& into, const auto& value) {
        if (value)
            into = value;
    };
    take(known.min_nice, later.min_nice);
    take(known.user_min_nice, later.user_min_nice);
    take(known.user_program_min_nice, later.user_program_min_nice);
    take(known.realtime, later.realtime);
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
    for (const auto& entry : program_class.settings) {
        known.settings.set(entry.first, entry.second);
        std::erase_if(known.overlaid, [&](const auto& overlaid) { return overlaid.first == entry.first; });
    }
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
    add_overlays(diagnostics);
    check_mentions(diagnostics);
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
            report(diagnostics, drafts_[i].place, drafts_[i].column,
                   fmt::format("at odds with the rule for the same programs in line {}: {}; keep one of them",
                               drafts_[conflict->earlier].place.line, conflict->what));
    }
    return odds.twins();
}

void PolicyBuilder::add_rules(Diagnostics& diagnostics)
{
    policy_.rules_.reserve(drafts_.size());
    for (auto& draft : drafts_) {
        Rule rule{.place = draft.place, .class_index = Rule::kNone};
        if (!draft.class_name.empty())
            rule.class_index = resolve_class(draft.class_name, draft.place, draft.column, diagnostics);
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

std::uint32_t PolicyBuilder::resolve_class(const std::string& name, Place place, std::uint32_t column,
                                           Diagnostics& diagnostics) const
{
    const auto found = class_index_.find(name);
    if (found != class_index_.end())
        return found->second;
    std::vector<std::string_view> known;
    for (const auto& program_class : policy_.classes_)
        known.push_back(program_class.name);
    report(diagnostics, place, column, fmt::format("unknown class \"{}\"{}", name, suggestion(name, known)));
    return Rule::kNone;
}

void PolicyBuilder::add_overlays(Diagnostics& diagnostics)
{
    auto& overlays = policy_.overlays_;
    for (auto& draft : overlay_drafts_) {
        auto known = std::ranges::find(overlays, draft.name, &Overlay::name);
        if (known == overlays.end())
            known = overlays.insert(known, Overlay{.name = draft.name});
        refine(*known, std::move(draft), diagnostics);
    }
    overlay_drafts_.clear();
    std::ranges::sort(overlays, {}, &Overlay::name);
}

void PolicyBuilder::refine(Overlay& overlay, OverlayDraft draft, Diagnostics& diagnostics) const
{
    overlay.place = draft.place;
    if (!draft.description.empty())
        overlay.description = std::move(draft.description);
    refine_limits(overlay.limits, draft.limits);
    for (auto& part : draft.classes) {
        const auto index = resolve_class(part.class_name, part.place, part.column, diagnostics);
        for (auto& entry : part.entries) {
            const auto is_earlier = [&](const Overlay::Change& change) {
                return change.class_index == index && change.setting == entry.setting;
            };
            std::erase_if(overlay.changes, is_earlier);
            if (index != Rule::kNone)
                overlay.changes.push_back({index, entry.setting, std::move(entry.value), entry.place});
        }
    }
}

void PolicyBuilder::check_mentions(Diagnostics& diagnostics)
{
    std::vector<std::string_view> known;
    for (const auto& overlay : policy_.overlays_)
        known.push_back(overlay.name);
    const auto is_unknown = [&](const OverlaySettings::value_type& entry) {
        const auto& [occasion, mention] = entry;
        if (mention.name == kNoOverlay || policy_.find_overlay(mention.name))
            return false;
        const auto others = known.empty() ? std::string{"; there is none at all"} : suggestion(mention.name, known);
        diagnostics.push_back({.level = Diagnostic::Level::warning,
                               .file = mention.file,
                               .line = mention.line,
                               .column = mention.column,
                               .what = escaped(fmt::format("profiles.{}: no file defines a profile \"{}\"{}; this line "
                                                           "is out of force",
                                                           word_for(occasion), mention.name, others))});
        return true;
    };
    std::erase_if(policy_.settings_.overlays, is_unknown);
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

void PolicyBuilder::report(Diagnostics& diagnostics, Place place, std::uint32_t column, std::string_view what) const
{
    diagnostics.push_back({.level = Diagnostic::Level::error,
                           .file = policy_.files_.at(place.file),
                           .line = place.line,
                           .column = column,
                           .what = escaped(what)});
}

}  // namespace priorityd
