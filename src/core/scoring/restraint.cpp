// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/restraint.hpp"

#include <array>

namespace priorityd {

std::string_view to_text(Step step)
{
    constexpr std::array<std::string_view, 4> kTexts{"none", "weight", "batch", "idle"};
    return kTexts.at(static_cast<std::size_t>(step));
}

/// A nice value is the weight of a session or unit too, where that is the knob that counts. Source: autogroups.hpp,
/// unit_weights.hpp.
SettingMap settings_of(Step step)
{
    constexpr int kTenth = 10;  // a weight of 110 against 1024; source: sched_prio_to_weight in kernel/sched/core.c
    SettingMap settings;
    if (step == Step::none)
        return settings;
    settings.set(Setting::nice, *Nice::make(step == Step::weight ? kTenth : Nice::kHigh));
    if (step == Step::batch)
        settings.set(Setting::sched, SchedPolicy{.kind = SchedPolicy::Kind::batch});
    if (step == Step::idle)
        settings.set(Setting::sched, SchedPolicy{.kind = SchedPolicy::Kind::idle});
    return settings;
}

}  // namespace priorityd
