// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/engine_address.hpp"

#include <algorithm>
#include <cstddef>

namespace priorityd {
namespace {

bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

bool is_small_letter(char letter)
{
    return letter >= 'a' && letter <= 'z';
}

bool is_word_letter(char letter)
{
    return is_small_letter(letter) || (letter >= 'A' && letter <= 'Z') || is_digit(letter) || letter == '_';
}

/// How many parts there are between these separators; 0 when `is_part` does not hold for one of them.
template <typename IsPart>
std::size_t count_parts(std::string_view text, char separator, IsPart is_part)
{
    std::size_t parts = 0;
    while (true) {
        const auto end = text.find(separator);
        if (!is_part(text.substr(0, end)))
            return 0;
        ++parts;
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

}  // namespace

bool is_well_known_name(std::string_view text)
{
    constexpr std::size_t kLongest = 255;
    const auto is_element = [](std::string_view part) {
        return !part.empty() && !is_digit(part.front()) &&
               std::ranges::all_of(part, [](char letter) { return is_word_letter(letter) || letter == '-'; });
    };
    return text.size() <= kLongest && count_parts(text, '.', is_element) >= 2;
}

bool is_object_path(std::string_view text)
{
    const auto is_element = [](std::string_view part) {
        return !part.empty() && std::ranges::all_of(part, is_word_letter);
    };
    return text == "/" || (text.starts_with('/') && count_parts(text.substr(1), '/', is_element) > 0);
}

bool is_engine_name(std::string_view text)
{
    constexpr std::size_t kLongest = 64;
    return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, [](char letter) {
        return is_small_letter(letter) || is_digit(letter) || letter == '-' || letter == '_';
    });
}

}  // namespace priorityd
