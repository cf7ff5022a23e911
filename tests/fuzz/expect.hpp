// SPDX-License-Identifier: GPL-3.0-or-later
/// What fuzz targets hold to be true of any input: a breach ends the target, which then keeps the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace priorityd {

inline void expect(bool holds)
{
    if (!holds)
        std::abort();
}

/// The bytes of a character that begins with `lead`; 0 when none does. Source: RFC 3629.
inline std::size_t length_of_utf8(std::uint32_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead >= 0xf5)
        return 0;
    return lead < 0xe0 ? 2 : (lead < 0xf0 ? 3 : 4);
}

/// Valid UTF-8 (no overlong forms, no surrogates) without C0 and C1 control characters and DEL. Source: RFC 3629.
inline bool is_shown_safely(std::string_view text)
{
    const auto byte_at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    for (std::size_t i = 0; i < text.size();) {
        const std::uint32_t lead = byte_at(i);
        const std::size_t length = length_of_utf8(lead);
        if (length == 0 || length > text.size() - i)
            return false;
        std::uint32_t code = length == 1 ? lead : lead & (0x7fU >> length);
        for (std::size_t k = 1; k < length; ++k) {
            if ((byte_at(i + k) & 0xc0U) != 0x80U)
                return false;
            code = code << 6U | (byte_at(i + k) & 0x3fU);
        }
        constexpr std::uint32_t kLeastOfLength[] = {0, 0, 0x80, 0x800, 0x10000};
        const bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        const bool is_surrogate = code >= 0xd800 && code < 0xe000;
        if (is_control || is_surrogate || code < kLeastOfLength[length] || code > 0x10ffff)
            return false;
        i += length;
    }
    return true;
}

}  // namespace priorityd
