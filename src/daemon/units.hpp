// SPDX-License-Identifier: GPL-3.0-or-later
/// The managers of units as the daemon reaches them, and the list of units that a crash would leave changed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bus/sessions.hpp"
#include "bus/systemd_units.hpp"
#include "core/ports.hpp"
#include "daemon/state.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::daemon {

/// Units of the system are its systemd's; those of a user that user's priorityd-session sees to, which also remembers
/// what has to be taken back.
class Units final : public UnitManagers {
public:
    /// Those that are on a bus. They must outlive their use here.
    struct Managers {
        bus::SystemdUnits& systemd;
        bus::Sessions& sessions;
    };

    /// `sys`: an open /sys. `state` must outlive this.
    Units(kernel::UniqueFd sys, State& state) : sys_{std::move(sys)}, state_{state} {}

    /// From now on through these; nothing when the bus is lost.
    void use(std::optional<Managers> managers)
    {
        managers_.reset();
        if (managers)
            managers_.emplace(*managers);
    }

    [[nodiscard]] std::vector<Pid> processes_in(const Unit& unit) override;
    [[nodiscard]] bool shares_out_cpu(const Unit& unit) override;
    void read(const Unit& unit, std::function<void(const Result<Weights>&)> then) override;
    /// A unit of the system is on the list before its manager is told, and off it when the manager has taken the
    /// weights back.
    void write(const Unit& unit, const Weights& weights, std::function<void(const Result<void>&)> then) override;
    void disown(const Unit& unit) override { state_.forget_unit(unit); }
    void split(const Unit& scope, const std::vector<Pid>& processes, const std::string& new_scope,
               std::function<void(const Result<void>&)> then) override;

private:
    void write_noted(const Unit& unit, const Weights& weights, std::function<void(const Result<void>&)> then);

    kernel::UniqueFd sys_;
    State& state_;
    std::optional<Managers> managers_;
};

/// Looks, and sets nothing.
class DryRunUnits final : public UnitManagers {
public:
    /// `units` must outlive this.
    explicit DryRunUnits(Units& units) : units_{units} {}

    [[nodiscard]] std::vector<Pid> processes_in(const Unit& unit) override { return units_.processes_in(unit); }
    [[nodiscard]] bool shares_out_cpu(const Unit& unit) override { return units_.shares_out_cpu(unit); }
    void read(const Unit& unit, std::function<void(const Result<Weights>&)> then) override
    {
        units_.read(unit, std::move(then));
    }
    /// Errors: ECANCELED always.
    void write(const Unit& unit, const Weights& weights, std::function<void(const Result<void>&)> then) override;
    void disown(const Unit&) override {}  // nothing is ever owned
    /// Likewise.
    void split(const Unit& scope, const std::vector<Pid>& processes, const std::string& new_scope,
               std::function<void(const Result<void>&)> then) override;

private:
    Units& units_;
};

}  // namespace priorityd::daemon
