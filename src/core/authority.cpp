// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/authority.hpp"

#include <algorithm>

#include "core/direction.hpp"

namespace priorityd {
namespace {

struct Cap {
    const Limits& limits;

    std::optional<Value> operator()(Nice nice) const
    {
        return nice < limits.user_min_nice ? std::optional<Value>{limits.user_min_nice} : std::nullopt;
    }
    std::optional<Value> operator()(const SchedPolicy& policy) const
    {
        return policy.is_realtime() ? std::optional<Value>{SchedPolicy{}} : std::nullopt;
    }
    std::optional<Value> operator()(const IoPriority& io) const
    {
        const bool is_realtime = io.io_class == IoPriority::Class::realtime;
        return is_realtime ? std::optional<Value>{IoPriority{IoPriority::Class::best_effort, 0}} : std::nullopt;
    }
    std::optional<Value> operator()(OomScoreAdj score) const
    {
        const auto usual = *OomScoreAdj::make(0);
        return score < usual ? std::optional<Value>{usual} : std::nullopt;
    }
    template <typename Other>
    std::optional<Value> operator()(const Other& /*value*/) const
    {
        return std::nullopt;
    }
};

}  // namespace

std::optional<Value> cap_for_users(const Value& value, const Limits& limits)
{
    return std::visit(Cap{limits}, value);
}

bool exceeds_users(const SettingMap& settings, const Limits& limits)
{
    return std::ranges::any_of(settings,
                               [&](const auto& entry) { return cap_for_users(entry.second, limits).has_value(); });
}

Privileges needed_for(const SettingMap& settings, Reach reach, const Limits& limits)
{
    if (reach == Reach::others || exceeds_users(settings, limits))
        return {Privilege::modify_any};
    const bool raises =
        std::ranges::any_of(settings, [](const auto& entry) { return is_raised(entry.first, entry.second); });
    return {raises ? Privilege::raise_own : Privilege::lower_own};
}

std::optional<SettingMap> with_class(const SettingMap& settings, const Policy& policy)
{
    SettingMap all;
    if (const auto* name = find_value<ClassName>(settings, Setting::program_class)) {
        const auto* program_class = policy.find_class(name->text);
        if (!program_class)
            return std::nullopt;
        all = program_class->settings;
    }
    for (const auto& [setting, value] : settings) {
        if (setting != Setting::program_class)
            all.set(setting, value);
    }
    return all;
}

}  // namespace priorityd
