// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/metadata.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/glob.hpp"
#include "core/scoring/findings.hpp"

namespace priorityd {
namespace {

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

}  // namespace

std::optional<Advice> advice_by_metadata(const ProgramInfo& program)
{
    return advice_of(findings_in(program));
}

}  // namespace priorityd
