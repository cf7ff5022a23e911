// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/overlay.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace priorityd {
namespace {

constexpr std::array<OccasionInfo, 5> kOccasions{{
    {Occasion::initially, "default"},
    {Occasion::on_battery, "on-battery"},
    {Occasion::power_saver, "power-saver"},
    {Occasion::balanced, "balanced"},
    {Occasion::performance, "performance"},
}};

}  // namespace

bool is_overlay_name(std::string_view text)
{
    constexpr std::size_t kLongest = 64;
    const auto is_letter = [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-';
    };
    return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, is_letter) && text != kNoOverlay &&
           text != kAutomatic;
}

std::span<const OccasionInfo> occasion_table()
{
    return kOccasions;
}

std::string_view word_for(Occasion occasion)
{
    return kOccasions.at(static_cast<std::size_t>(occasion)).word;
}

std::optional<Occasion> find_power_profile(std::string_view word)
{
    const auto found = std::ranges::find(kOccasions, word, &OccasionInfo::word);
    if (found == kOccasions.end() || found->occasion < Occasion::power_saver)
        return std::nullopt;
    return found->occasion;
}

}  // namespace priorityd
