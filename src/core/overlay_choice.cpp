// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/overlay_choice.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace priorityd {
namespace {

constexpr const char* kGiveBack = R"("priorityctl profile auto" gives the choice back)";

/// Null when the settings say nothing of it.
const OverlayMention* find_mention(const OverlaySettings& settings, Occasion occasion)
{
    const auto found = settings.find(occasion);
    return found == settings.end() ? nullptr : &found->second;
}

OverlayVerdict follow(const OverlayMention& mention, std::string because)
{
    return {.name = mention.name == kNoOverlay ? "" : mention.name, .because = std::move(because), .fault = {}};
}

/// What is in force as long as nobody chooses.
OverlayVerdict judge_by_itself(const PowerState& power, const OverlaySettings& settings)
{
    if (const auto* mention = power.profile ? find_mention(settings, *power.profile) : nullptr)
        return follow(*mention, fmt::format("the power profile is {}", word_for(*power.profile)));
    if (const auto* mention = power.is_on_battery ? find_mention(settings, Occasion::on_battery) : nullptr)
        return follow(*mention, "the machine runs on battery");
    if (const auto* mention = find_mention(settings, Occasion::initially))
        return follow(*mention, "the default of the settings");
    return {.name = {}, .because = "nobody has chosen one, and the settings name none for now", .fault = {}};
}

}  // namespace

OverlayVerdict judge_overlays(const OverlayWishes& wishes, const Policy& policy)
{
    if (wishes.chosen == kNoOverlay || policy.find_overlay(wishes.chosen))
        return {.name = wishes.chosen == kNoOverlay ? "" : wishes.chosen,
                .because = fmt::format("chosen; {}", kGiveBack),
                .fault = {}};
    auto verdict = judge_by_itself(wishes.power, policy.settings().overlays);
    if (wishes.chosen != kAutomatic) {
        verdict.fault = fmt::format("profile {} is chosen, but no file defines it: define [profile.{}]; {}",
                                    wishes.chosen, wishes.chosen, kGiveBack);
        verdict.because += "; " + verdict.fault;
    }
    return verdict;
}

PowerInterest interest_of(const OverlaySettings& settings)
{
    const auto is_named = [&](const OccasionInfo& one) {
        return find_power_profile(one.word) && settings.contains(one.occasion);
    };
    return {.in_profile = std::ranges::any_of(occasion_table(), is_named),
            .in_battery = settings.contains(Occasion::on_battery)};
}

}  // namespace priorityd
