// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/metadata.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "core/glob.hpp"
#include "core/scoring/lexicon.hpp"

namespace priorityd {
namespace {

/// What is taken off where nobody would wait. To lower a program that somebody waits for is the harmful mistake.
constexpr double kDoubtOfLowering = 0.2;
/// How much of what speaks for another kind counts against a class that is not lowered.
constexpr double kOpposition = 0.7;
/// Who reads why has the strongest words before him.
constexpr std::size_t kMostEvidence = 3;

/// A word that was found.
struct Finding {
    std::string_view program_class;
    double weight = 0;
    std::string text;
};
using Findings = std::vector<Finding>;

/// Calls visit(word) for each of a list.
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

/// `says`: bool(word). Adds those words of the lexicon of which it is true.
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

/// "Non-Free/Games" says "non-free" and "games".
bool says_section(std::string_view section, std::string_view word)
{
    while (!section.empty()) {
        const auto end = std::min(section.find('/'), section.size());
        if (section.substr(0, end) == word)
            return true;
        section.remove_prefix(std::min(end + 1, section.size()));
    }
    return false;
}

bool says_tag(const std::vector<std::string>& tags, std::string_view word)
{
    if (!word.ends_with('*'))
        return std::ranges::find(tags, word) != tags.end();
    word.remove_suffix(1);
    return std::ranges::any_of(tags, [&](const std::string& tag) { return tag.starts_with(word); });
}

/// The words of a text, each between blanks: lower case, without punctuation that does not belong to a word.
std::string spaced_words(std::string_view text)
{
    constexpr std::string_view kWithin = "+-";
    std::string words{' '};
    for (const char letter : ascii_lower(text)) {
        const bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
                               (kWithin.find(letter) != std::string_view::npos && words.back() != ' ');
        if (is_letter || words.back() != ' ')
            words += is_letter ? letter : ' ';
    }
    return words + ' ';
}

Findings findings_in(const ProgramInfo& program)
{
    Findings found;
    const auto section = ascii_lower(program.section);
    look_up(
        HintPlace::section, "section ", [&](auto word) { return says_section(section, word); }, found);
    look_up(
        HintPlace::tag, "tag ", [&](auto word) { return says_tag(program.tags, word); }, found);
    look_up(
        HintPlace::category, "category ", [&](auto word) { return says_tag(program.categories, word); }, found);
    const auto text = spaced_words(program.description);
    look_up(
        HintPlace::description, "described as ",
        [&](auto word) { return text.find(' ' + std::string{word} + ' ') != std::string::npos; }, found);
    return found;
}

double weight_of(const Findings& found, std::string_view program_class)
{
    double weight = 0;
    for (const Finding& one : found)
        weight += one.program_class == program_class ? one.weight : 0;
    return weight;
}

/// The strongest of what was found for the class, the strongest first.
std::string evidence(Findings found, std::string_view program_class)
{
    std::erase_if(found, [&](const Finding& one) { return one.program_class != program_class; });
    std::ranges::stable_sort(found, std::ranges::greater{}, &Finding::weight);
    std::string text;
    for (std::size_t i = 0; i < std::min(found.size(), kMostEvidence); ++i)
        text += (i == 0 ? "" : ", ") + found[i].text;
    return text;
}

}  // namespace

std::optional<Advice> advice_by_metadata(const ProgramInfo& program)
{
    const auto found = findings_in(program);
    if (found.empty())
        return std::nullopt;
    const auto weight = [&](const Finding& one) { return weight_of(found, one.program_class); };
    const auto best = std::ranges::max_element(found, {}, weight)->program_class;
    double against = 0;
    for (const Finding& one : found) {
        if (attention(one.program_class) != attention(best))
            against = std::max(against, weight(one));
    }
    const bool is_lowering = attention(best) == Attention::nobody;
    const double margin = weight_of(found, best) - (is_lowering ? against + kDoubtOfLowering : against * kOpposition);
    if (margin <= 0)
        return std::nullopt;
    return Advice{
        .program_class = std::string{best}, .confidence = 1 - std::exp2(-margin), .because = evidence(found, best)};
}

}  // namespace priorityd
