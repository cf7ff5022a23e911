// SPDX-License-Identifier: GPL-3.0-or-later
/// Finds rules of one file that match the same programs and say different things of them: one of them is a mistake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/program_name.hpp"
#include "core/rule_draft.hpp"

namespace priorityd {

class RuleOdds {
public:
    using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;  ///< Of drafts, by their number.

    /// `drafts` must outlive this, and stay as they are.
    explicit RuleOdds(const std::vector<RuleDraft>& drafts) : drafts_{&drafts} { by_name_.reserve(drafts.size()); }

    /// To be called where another file begins, which may well overrule the ones before.
    void forget();

    struct Conflict {
        std::uint32_t earlier;  ///< The other draft.
        std::string what;       ///< What they say differently.
    };
    /// Compares the draft with those since the last forget().
    [[nodiscard]] std::optional<Conflict> add(std::uint32_t draft);

    /// Pairs of imported rules for names that differ in case alone: case counted where they come from, so each is for
    /// its own spelling. The earlier draft first.
    [[nodiscard]] const Pairs& twins() const { return twins_; }

private:
    struct NameHash {
        std::size_t operator()(std::string_view name) const { return hash_of_name(name); }
    };
    struct SameName {
        bool operator()(std::string_view a, std::string_view b) const { return is_same_name(a, b); }
    };
    [[nodiscard]] std::optional<Conflict> compare(std::uint32_t earlier, std::uint32_t later) const;
    [[nodiscard]] std::optional<Conflict> add_named(std::uint32_t draft);

    const std::vector<RuleDraft>* drafts_;
    std::unordered_map<std::string_view, std::uint32_t, NameHash, SameName> by_name_;  // the first spelling
    std::unordered_map<std::uint32_t, std::uint32_t> next_spelling_;
    std::unordered_map<std::string, std::uint32_t> by_condition_;
    Pairs twins_;
};

}  // namespace priorityd
