// SPDX-License-Identifier: GPL-3.0-or-later
/// Puts a Policy together from classes and rules, whatever language they were written in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/policy.hpp"
#include "core/rule_draft.hpp"
#include "core/rule_odds.hpp"

namespace priorityd {

class PolicyBuilder {
public:
    PolicyBuilder() = default;
    /// Knows the files and classes of `base`, and none of its rules.
    explicit PolicyBuilder(const Policy& base);

    /// The index of the file, for Place.
    std::uint32_t add_file(std::string path);
    /// The index of a file that rules were imported from: the same for the same path.
    std::uint32_t add_origin_file(const std::string& path);
    void use(const Settings& settings) { policy_.settings_ = settings; }
    [[nodiscard]] bool knows_class(const std::string& name) const { return class_index_.contains(name); }
    /// A class that exists already gets these settings over its own: a later file refines an earlier one.
    void define_class(ProgramClass program_class);
    /// An overlay that exists already is refined likewise. Its classes may be defined later.
    void define_overlay(OverlayDraft draft) { overlay_drafts_.push_back(std::move(draft)); }
    /// Rules are to be added in reading order; a later one wins.
    void add_rule(RuleDraft draft);
    /// Rules below all others, in their own order. They are of one kind, so they count as rules of one file.
    void add_lowest(std::vector<RuleDraft> drafts);

    /// Resolves classes and indexes names. Appends errors for unknown classes and for rules of one file at odds, and
    /// warnings for overlays that the settings name and nobody defines; the settings then go without them.
    [[nodiscard]] Policy build(Diagnostics& diagnostics);

private:
    [[nodiscard]] RuleOdds::Pairs check_odds(Diagnostics& diagnostics) const;
    void add_overlays(Diagnostics& diagnostics);
    void refine(Overlay& overlay, OverlayDraft draft, Diagnostics& diagnostics) const;
    void check_mentions(Diagnostics& diagnostics);
    void add_rules(Diagnostics& diagnostics);
    /// Rule::kNone, and told, for a name that is no class.
    [[nodiscard]] std::uint32_t resolve_class(const std::string& name, Place place, std::uint32_t column,
                                              Diagnostics& diagnostics) const;
    void index_name(const RuleDraft& draft, Rule& rule, std::uint32_t number);
    [[nodiscard]] std::uint32_t keep_origin(const RuleDraft& draft);
    [[nodiscard]] std::uint32_t keep_settings(SettingMap settings);
    [[nodiscard]] std::uint32_t keep_condition(Condition condition);
    void report(Diagnostics& diagnostics, Place place, std::uint32_t column, std::string_view what) const;

    Policy policy_;
    std::vector<RuleDraft> drafts_;
    std::vector<OverlayDraft> overlay_drafts_;
    std::size_t lowest_ = 0;  // so many of the drafts
    std::unordered_map<std::string, std::uint32_t> class_index_;
    std::unordered_map<std::string, std::uint32_t> origin_file_index_;
    std::unordered_map<std::string, std::uint32_t> settings_index_;  // by their texts: many rules say the same
};

}  // namespace priorityd
