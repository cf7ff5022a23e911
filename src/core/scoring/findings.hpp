// SPDX-License-Identifier: GPL-3.0-or-later
/// Words of the lexicon that are true of a process or its program, and what they say together.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/scoring/advice.hpp"
#include "core/scoring/lexicon.hpp"

namespace priorityd {

/// A word that was found.
struct Finding {
    std::string_view program_class;
    double weight = 0;
    std::string text;
};
using Findings = std::vector<Finding>;

/// Calls visit(word) for each of a row.
template <typename Visit>
void each_word(std::string_view words, Visit visit)
{
    constexpr std::string_view kBetween = ", ";
    while (!words.empty()) {
        const auto end = std::min(words.find(kBetween), words.size());
        visit(words.substr(0, end));
        words.remove_prefix(std::min(end + kBetween.size(), words.size()));
    }
}

/// `says`: bool(word). Adds those words of the lexicon of which it is true; `prefix` goes before each, for a person.
template <typename Says>
void look_up(HintPlace place, std::string_view prefix, Says says, Findings& into)
{
    for (const Hints& row : hints(place)) {
        each_word(row.words, [&](std::string_view word) {
            if (says(word))
                into.push_back({row.program_class, row.weight, std::string{prefix} + std::string{word}});
        });
    }
}

/// Empty where nothing speaks for any class, or as much speaks for another kind of attention. In doubt a program is not
/// lowered: that asks for more than raising it does.
[[nodiscard]] std::optional<Advice> advice_of(const Findings& found);

}  // namespace priorityd
