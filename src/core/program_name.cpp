// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/program_name.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>

#include "core/glob.hpp"

namespace priorityd {
namespace {

/// FNV-1a: nothing has to be copied for it, unlike for std::hash of the name in lower case.
std::size_t folded_hash(std::string_view name)
{
    constexpr std::uint64_t kOffset = 0xcbf29ce484222325;
    constexpr std::uint64_t kPrime = 0x100000001b3;
    std::uint64_t hash = kOffset;
    for (const char c : name)
        hash = (hash ^ static_cast<unsigned char>(ascii_lower(c))) * kPrime;
    return static_cast<std::size_t>(hash);
}

}  // namespace

bool is_same_name(std::string_view a, std::string_view b)
{
    return a == b || (a.size() == b.size() && is_windows_name(a) && is_same_folded(a, b));
}

std::size_t hash_of_name(std::string_view name)
{
    return is_windows_name(name) ? folded_hash(name) : std::hash<std::string_view>{}(name);
}

bool is_same_folded(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

}  // namespace priorityd
