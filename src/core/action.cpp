// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/action.hpp"

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace priorityd {
namespace {

struct SettingsOf {
    std::vector<Setting> operator()(const SetScheduling& action) const
    {
        std::vector<Setting> settings;
        if (action.nice)
            settings.push_back(Setting::nice);
        if (action.sched)
            settings.push_back(Setting::sched);
        if (action.slice)
            settings.push_back(Setting::slice);
        return settings;
    }
    std::vector<Setting> operator()(const SetUclamp& action) const
    {
        std::vector<Setting> settings;
        if (action.min)
            settings.push_back(Setting::uclamp_min);
        if (action.max)
            settings.push_back(Setting::uclamp_max);
        return settings;
    }
    std::vector<Setting> operator()(const SetIoPriority&) const { return {Setting::io}; }
    std::vector<Setting> operator()(const SetAffinity&) const { return {Setting::cpus}; }
    std::vector<Setting> operator()(const SetOomScoreAdj&) const { return {Setting::oom_score_adj}; }
    std::vector<Setting> operator()(const SetTimerSlack&) const { return {Setting::timer_slack}; }
};

}  // namespace

std::string Outcome::to_text() const
{
    constexpr std::array<std::string_view, 7> kWords{
        "applied", "already so", "dry run", "not live", "held by someone else", "failed", "process has ended"};
    const auto word = kWords.at(static_cast<std::size_t>(kind));
    return detail.empty() ? std::string{word} : fmt::format("{}: {}", word, detail);
}

std::vector<Setting> settings_of(const Action& action)
{
    return std::visit(SettingsOf{}, action);
}

}  // namespace priorityd
