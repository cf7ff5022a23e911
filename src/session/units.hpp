// SPDX-License-Identifier: GPL-3.0-or-later
/// The units of this user's systemd: does with them what the daemon asks, and remembers what has to be taken back.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bus/session_service.hpp"
#include "bus/systemd_units.hpp"
#include "daemon/changed_units.hpp"
#include "daemon/log.hpp"

namespace priorityd::session {

class Units final : public bus::SessionDuties {
public:
    /// `changed`: what an earlier session has left; empty where nothing can be kept. The others must outlive this.
    Units(const daemon::Log& log, bus::SystemdUnits& systemd, Uid user, std::optional<daemon::ChangedUnits> changed);

    /// Those that have weights which the daemon has asked for.
    [[nodiscard]] std::vector<std::string> changed() const;
    /// Asks systemd to take all of them back that nobody else has changed since.
    void take_back();

    /// A unit that has other weights than it was given here is somebody else's from then on.
    void read(const std::string& unit, std::function<void(const Result<Weights>&)> then) override;
    /// Remembered before systemd is told, and until systemd has taken the weights back.
    void write(const std::string& unit, const Weights& weights, std::function<void(const Result<void>&)> then) override;
    void split(const std::string& scope, const std::vector<Pid>& processes, const std::string& new_scope,
               std::function<void(const Result<void>&)> then) override;

private:
    using Given = std::map<std::string, std::optional<Weights>>;

    void take_back(const std::string& unit);
    void remember(const std::string& unit, const Weights& weights);
    void forget(const std::string& unit);

    const daemon::Log& log_;
    bus::SystemdUnits& systemd_;
    Uid user_;
    std::optional<daemon::ChangedUnits> changed_;
    Given given_;  ///< By name; what it was is not known of what an earlier session has left.
};

}  // namespace priorityd::session
