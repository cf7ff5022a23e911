// SPDX-License-Identifier: GPL-3.0-or-later
/// Which overlay is to be in force: what a person has chosen goes over the power state, and that over the settings'
/// default.
#pragma once

#include <string>

#include "core/policy.hpp"
#include "core/power_state.hpp"

namespace priorityd {

/// All that has a say beside the settings.
struct OverlayWishes {
    std::string chosen{kAutomatic};  ///< By a person: a name, kNoOverlay or kAutomatic.
    PowerState power;
};

struct OverlayVerdict {
    std::string name;     ///< Empty: none.
    std::string because;  ///< For a person.
    std::string fault;    ///< For a person: why the choice cannot be followed; empty when it can.
    friend bool operator==(const OverlayVerdict&, const OverlayVerdict&) = default;
};

/// By the settings of `policy`, and among its overlays. A choice that it does not define is passed over. Of the power
/// state a power profile that the settings name comes first, since it is what somebody wants, then the battery.
[[nodiscard]] OverlayVerdict judge_overlays(const OverlayWishes& wishes, const Policy& policy);

/// What of the power state could change that.
[[nodiscard]] PowerInterest interest_of(const OverlaySettings& settings);

}  // namespace priorityd
