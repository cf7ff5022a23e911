// SPDX-License-Identifier: GPL-3.0-or-later
/// The power state, as power-profiles-daemon (or tuned in its place) and UPower tell it.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>

#include "bus/connection.hpp"
#include "bus/property_watch.hpp"
#include "core/power_state.hpp"

namespace priorityd::bus {

/// Neither of them is started for it. power-profiles-daemon has a name of old, net.hadess.PowerProfiles, and a newer
/// one below org.freedesktop.UPower; most have both, some only the old. Where they differ the newer one counts.
class PowerWatch final : public PowerSource {
public:
    using Changed = std::function<void(const PowerState&)>;

    /// Follows nothing yet. `connection` must outlive this.
    PowerWatch(Connection& connection, Changed changed) : connection_{connection}, changed_{std::move(changed)} {}
    PowerWatch(const PowerWatch&) = delete;
    PowerWatch& operator=(const PowerWatch&) = delete;
    ~PowerWatch() override = default;

    void follow(PowerInterest interest) override;

private:
    void follow_profile();
    void follow_battery();
    void tell();

    Connection& connection_;
    Changed changed_;
    PowerState told_;
    std::array<std::optional<Occasion>, 2> profiles_;  // by the newer name, by the old one
    bool is_on_battery_ = false;
    std::array<std::unique_ptr<PropertyWatch>, 2> profile_watches_;
    std::unique_ptr<PropertyWatch> battery_watch_;
};

}  // namespace priorityd::bus
