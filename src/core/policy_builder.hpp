// SPDX-License-Identifier: GPL-3.0-or-later
/// Puts a Policy together from classes and rules, whatever language they were written in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/condition.hpp"
#include "core/diagnostic.hpp"
#include "core/policy.hpp"

namespace priorityd {

/// A rule as its file says it, before classes are known and names are indexed.
struct RuleDraft {
    Place place;
    std::uint32_t column = 0;              ///< Of the class, for diagnostics.
    std::string class_name;                ///< Empty when the rule has settings alone.
    std::vector<std::string> exact_names;  ///< Names taken literally: the short form.
    Condition condition;                   ///< With the name term, if any, for the long form.
    SettingMap settings;
};

class PolicyBuilder {
public:
    PolicyBuilder() = default;
    /// Knows the files and classes of `base`, and none of its rules.
    explicit PolicyBuilder(const Policy& base);

    /// The index of the file, for Place.
    std::uint32_t add_file(std::string path);
    void use(const Settings& settings) { policy_.settings_ = settings; }
    /// A class that exists already gets these settings over its own: a later file refines an earlier one.
    void define_class(ProgramClass program_class);
    /// Rules are to be added in reading order; a later one wins.
    void add_rule(RuleDraft draft);

    /// Resolves classes and indexes names. Appends errors for unknown classes and for rules of one file at odds.
    [[nodiscard]] Policy build(Diagnostics& diagnostics);

private:
    void resolve_class(const RuleDraft& draft, Rule& rule, Diagnostics& diagnostics) const;
    void check_odds(const RuleDraft& draft, Diagnostics& diagnostics);
    void index(RuleDraft& draft, Rule& rule, std::uint32_t number);
    void report(Diagnostics& diagnostics, const RuleDraft& draft, Diagnostic::Level level, std::string_view what) const;

    Policy policy_;
    std::vector<RuleDraft> drafts_;
    std::unordered_map<std::string, std::uint32_t> class_index_;
    std::unordered_map<std::string, std::size_t> seen_;  // what a rule of the present file matches -> its draft
    std::uint32_t seen_file_ = ~0U;
};

}  // namespace priorityd
