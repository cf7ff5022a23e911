// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/decision.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace priorityd {

std::vector<bool> Decision::in_force() const
{
    std::vector<bool> result(contributions_.size(), false);
    std::array<bool, kSettingCount> is_taken{};
    bool is_class_replaced = false;
    for (std::size_t i = contributions_.size(); i-- > 0;) {
        const Contribution& contribution = contributions_[i];
        if (contribution.origin == Contribution::Origin::vote)
            continue;
        const bool goes_with_class = contribution.origin == Contribution::Origin::from_class && is_class_replaced;
        auto& taken = is_taken.at(static_cast<std::size_t>(contribution.setting));
        result[i] = !taken && !goes_with_class;
        taken = taken || result[i];
        // The class stands before the settings that come with it, so what is met from here on is of earlier classes.
        is_class_replaced = is_class_replaced || contribution.setting == Setting::program_class;
    }
    return result;
}

bool Decision::has_say() const
{
    return std::ranges::any_of(contributions_,
                               [](const Contribution& one) { return one.origin != Contribution::Origin::vote; });
}

SettingMap Decision::effective() const
{
    SettingMap settings;
    const auto wins = in_force();
    for (std::size_t i = 0; i < contributions_.size(); ++i) {
        if (wins[i])
            settings.set(contributions_[i].setting, contributions_[i].value);
    }
    return settings;
}

const Contribution* Decision::winner(Setting setting) const
{
    const auto wins = in_force();
    for (std::size_t i = 0; i < contributions_.size(); ++i) {
        if (wins[i] && contributions_[i].setting == setting)
            return &contributions_[i];
    }
    return nullptr;
}

std::string_view Decision::asker(Setting setting) const
{
    const auto* in_force = winner(setting);
    if (!in_force || in_force->source != kLimits)
        return in_force ? std::string_view{in_force->source} : std::string_view{};
    const auto is_cut = [&](const Contribution& one) { return one.setting == setting && one.source != kLimits; };
    const auto last = std::find_if(contributions_.rbegin(), contributions_.rend(), is_cut);
    return last == contributions_.rend() ? std::string_view{} : std::string_view{last->source};
}

bool Decision::names(std::string_view source) const
{
    return std::ranges::find(contributions_, source, &Contribution::source) != contributions_.end();
}

std::string_view Decision::class_name() const
{
    const auto* contribution = winner(Setting::program_class);
    return contribution ? std::string_view{std::get<ClassName>(contribution->value).text} : std::string_view{};
}

}  // namespace priorityd
