// SPDX-License-Identifier: GPL-3.0-or-later
/// Names below /proc, which begin with the number of a process or thread.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace priorityd::kernel {

/// "42", "42/stat" … without an allocation. What follows the number is cut to 35 bytes.
class NumberedPath {
public:
    explicit NumberedPath(std::int32_t number, std::string_view rest = {})
    {
        char* end = std::to_chars(text_.data(), text_.data() + kDigits, number).ptr;
        *std::ranges::copy(rest.substr(0, text_.size() - kDigits - 1), end).out = '\0';
    }
    [[nodiscard]] const char* c_str() const { return text_.data(); }

private:
    static constexpr std::size_t kDigits = 12;
    std::array<char, 48> text_;
};

}  // namespace priorityd::kernel
