// SPDX-License-Identifier: GPL-3.0-or-later
/// How the machine is powered, as far as it may decide which overlay is in force.
#pragma once

#include <optional>

#include "core/overlay.hpp"

namespace priorityd {

struct PowerState {
    std::optional<Occasion> profile;  ///< The power profile in force; empty while nobody says.
    bool is_on_battery = false;       ///< False while nobody says.
    friend bool operator==(const PowerState&, const PowerState&) = default;
};

/// What of it somebody has a use for.
struct PowerInterest {
    bool in_profile = false;
    bool in_battery = false;
    friend bool operator==(const PowerInterest&, const PowerInterest&) = default;
};

/// Port: whoever knows the power state.
class PowerSource {
public:
    virtual ~PowerSource() = default;
    /// From now on tells this much of it, and each change. Never tells before it returns; what is not wanted any more
    /// is forgotten without a word.
    virtual void follow(PowerInterest interest) = 0;
};

}  // namespace priorityd
