// SPDX-License-Identifier: GPL-3.0-or-later
/// The managers of units as the daemon reaches them, and the list of units that a crash would leave changed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bus/systemd_units.hpp"
#include "core/ports.hpp"
#include "daemon/state.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::daemon {

class Units final : public UnitManagers {
public:
    /// `sys`: an open /sys. `state` must outlive this.
    Units(kernel::UniqueFd sys, State& state) : sys_{std::move(sys)}, state_{state} {}

    /// From now on through this; null when the bus is lost. It must outlive its use here.
    void use(bus::SystemdUnits* systemd) { systemd_ = systemd; }

    [[nodiscard]] std::vector<Pid> processes_in(const Unit& unit) override;
    void read(const Unit& unit, std::function<void(const Result<Weights>&)> then) override;
    /// The unit is on the list before its manager is told, and off it when the manager has taken the weights back.
    void write(const Unit& unit, const Weights& weights, std::function<void(const Result<void>&)> then) override;
    void disown(const Unit& unit) override { state_.forget_unit(unit); }

private:
    [[nodiscard]] Result<void> check(const Unit& unit) const;

    kernel::UniqueFd sys_;
    State& state_;
    bus::SystemdUnits* systemd_ = nullptr;
};

}  // namespace priorityd::daemon
