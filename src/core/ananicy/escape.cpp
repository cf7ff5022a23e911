// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ananicy/escape.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <system_error>

namespace priorityd::ananicy {
namespace {

constexpr std::size_t kUnitLength = 6;  // \u and four digits

void append_utf8(std::uint32_t code, std::string& into)
{
    const auto byte = [&](std::uint32_t bits) { into += static_cast<char>(bits); };
    if (code < 0x80) {
        byte(code);
    } else if (code < 0x800) {
        byte(0xc0U | code >> 6U);
        byte(0x80U | (code & 0x3fU));
    } else if (code < 0x10000) {
        byte(0xe0U | code >> 12U);
        byte(0x80U | (code >> 6U & 0x3fU));
        byte(0x80U | (code & 0x3fU));
    } else {
        byte(0xf0U | code >> 18U);
        byte(0x80U | (code >> 12U & 0x3fU));
        byte(0x80U | (code >> 6U & 0x3fU));
        byte(0x80U | (code & 0x3fU));
    }
}

/// The four hexadecimal digits behind `\u` at the beginning of `text`; empty when there are none.
std::optional<std::uint32_t> utf16_unit(std::string_view text)
{
    std::uint32_t unit = 0;
    if (text.size() < kUnitLength || !text.starts_with("\\u"))
        return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + kUnitLength, unit, 16);
    return error == std::errc{} && end == text.data() + kUnitLength ? std::optional{unit} : std::nullopt;
}

/// What a single letter behind a backslash stands for; NUL for none.
char escape(char letter)
{
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const auto found = kLetters.find(letter);
    return found == std::string_view::npos ? '\0' : kMeanings[found];
}

bool is_surrogate(std::uint32_t unit, std::uint32_t first)
{
    return unit >= first && unit < first + 0x400;
}

}  // namespace

std::size_t take_escape(std::string_view text, std::string& into)
{
    constexpr std::uint32_t kHigh = 0xd800;
    constexpr std::uint32_t kLow = 0xdc00;
    constexpr std::uint32_t kReplacement = 0xfffd;
    if (const auto unit = utf16_unit(text)) {
        const auto low = is_surrogate(*unit, kHigh) ? utf16_unit(text.substr(kUnitLength)) : std::nullopt;
        if (low && is_surrogate(*low, kLow)) {
            append_utf8(0x10000 + ((*unit - kHigh) << 10U) + (*low - kLow), into);
            return 2 * kUnitLength;
        }
        append_utf8(is_surrogate(*unit, kHigh) || is_surrogate(*unit, kLow) ? kReplacement : *unit, into);
        return kUnitLength;
    }
    const char meaning = text.size() > 1 ? escape(text[1]) : '\0';
    into += meaning == '\0' ? '\\' : meaning;
    return meaning == '\0' ? 1 : 2;
}

}  // namespace priorityd::ananicy
