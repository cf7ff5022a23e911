// SPDX-License-Identifier: GPL-3.0-or-later
/// Lines of the form "key: value", of which nothing is known but that they were meant so.
#pragma once

#include <algorithm>
#include <string_view>

namespace priorityd::kernel {

[[nodiscard]] inline std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r";
    const auto begin = text.find_first_not_of(kBlanks);
    return begin == std::string_view::npos ? std::string_view{}
                                           : text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// The first line, without its newline; takes both off `text`.
[[nodiscard]] inline std::string_view take_line(std::string_view& text)
{
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

/// Both parts without blanks around them; the key is empty where the line has none.
struct Field {
    std::string_view key;
    std::string_view value;
};

[[nodiscard]] inline Field field_of(std::string_view line, char between)
{
    const auto end = line.find(between);
    if (end == std::string_view::npos)
        return {};
    return {trimmed(line.substr(0, end)), trimmed(line.substr(end + 1))};
}

}  // namespace priorityd::kernel
