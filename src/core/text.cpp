// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/text.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>

namespace priorityd {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at)
{
    return static_cast<std::uint8_t>(text[at]);
}

bool is_continuation(std::string_view text, std::size_t at)
{
    return (byte_at(text, at) & 0xc0) == 0x80;
}

/// How long a character starting with `first` is, and the least second byte that is not an overlong form,
/// a surrogate or beyond U+10FFFF. Source: the table of well-formed byte sequences in the Unicode standard, 3-7.
struct Lead {
    std::size_t length;
    std::uint8_t second_low;
    std::uint8_t second_high;
};
Lead lead_of(std::uint8_t first)
{
    if (first < 0xc2 || first > 0xf4)
        return {first < 0x80 ? std::size_t{1} : 0, 0, 0};
    if (first < 0xe0)
        return {2, 0x80, 0xbf};
    if (first < 0xf0)
        return {3, std::uint8_t(first == 0xe0 ? 0xa0 : 0x80), std::uint8_t(first == 0xed ? 0x9f : 0xbf)};
    return {4, std::uint8_t(first == 0xf0 ? 0x90 : 0x80), std::uint8_t(first == 0xf4 ? 0x8f : 0xbf)};
}

/// Length of the well-formed character at `at`, or 0.
std::size_t character_length(std::string_view text, std::size_t at)
{
    const Lead lead = lead_of(byte_at(text, at));
    if (lead.length <= 1 || at + lead.length > text.size())
        return lead.length <= 1 ? lead.length : 0;
    const auto second = byte_at(text, at + 1);
    if (second < lead.second_low || second > lead.second_high)
        return 0;
    for (std::size_t i = 2; i < lead.length; ++i) {
        if (!is_continuation(text, at + i))
            return 0;
    }
    return lead.length;
}

/// C1 controls (U+0080..U+009F) can drive a terminal as well as escape sequences can.
bool is_control(std::string_view text, std::size_t at, std::size_t length)
{
    const auto first = byte_at(text, at);
    return (length == 1 && (first < 0x20 || first == 0x7f)) ||
           (length == 2 && first == 0xc2 && byte_at(text, at + 1) < 0xa0);
}

void append_escape(std::string& into, std::uint8_t byte)
{
    switch (byte) {
        case '\n': into += "\\n"; break;
        case '\t': into += "\\t"; break;
        case '\r': into += "\\r"; break;
        case '\\': into += "\\\\"; break;
        default: into += fmt::format("\\x{:02x}", byte);
    }
}

}  // namespace

std::string escaped(std::string_view bytes)
{
    std::string safe;
    safe.reserve(bytes.size());
    for (std::size_t at = 0; at < bytes.size();) {
        const auto length = character_length(bytes, at);
        const bool is_safe = length > 0 && !is_control(bytes, at, length) && bytes[at] != '\\';
        if (is_safe) {
            safe += bytes.substr(at, length);
            at += length;
            continue;
        }
        for (const auto end = at + (length == 0 ? 1 : length); at < end; ++at)
            append_escape(safe, byte_at(bytes, at));
    }
    return safe;
}

bool is_utf8(std::string_view bytes)
{
    for (std::size_t at = 0; at < bytes.size();) {
        const auto length = character_length(bytes, at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

bool is_readable(std::string_view bytes)
{
    for (std::size_t at = 0; at < bytes.size();) {
        const auto length = character_length(bytes, at);
        if (length == 0 || is_control(bytes, at, length))
            return false;
        at += length;
    }
    return true;
}

std::string toml_string(std::string_view utf8)
{
    std::string quoted = "\"";
    for (std::size_t at = 0; at < utf8.size(); ++at) {
        const auto byte = static_cast<std::uint8_t>(utf8[at]);
        const auto next = static_cast<std::uint8_t>(at + 1 < utf8.size() ? utf8[at + 1] : 0);
        const bool is_late_control = byte == 0xc2 && next >= 0x80 && next < 0xa0;  // U+0080 to U+009F
        if (byte < 0x20 || byte == 0x7f || is_late_control) {
            fmt::format_to(std::back_inserter(quoted), "\\u{:04x}", is_late_control ? next : byte);
            at += is_late_control ? 1 : 0;
            continue;
        }
        if (byte == '"' || byte == '\\')
            quoted += '\\';
        quoted += utf8[at];
    }
    return quoted += '"';
}

}  // namespace priorityd
