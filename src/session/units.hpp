// SPDX-License-Identifier: GPL-3.0-or-later
/// The units of this user's systemd: does with them what the daemon asks, and remembers what has to be taken back.
#pragma once

#include <functional>
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
    Units(const daemon::Log& log, bus::SystemdUnits& systemd, Uid user, std::optional<daemon::ChangedUnits> changed)
        : log_{log}, systemd_{systemd}, user_{user}, changed_{std::move(changed)}
    {
        if (changed_)
            for (const Unit& left : changed_->take_left())
                set_.insert(left.name);
    }

    /// Those that have weights which the daemon has asked for.
    [[nodiscard]] std::vector<std::string> changed() const { return {set_.begin(), set_.end()}; }
    /// Asks systemd to take all of them back.
    void take_back();

    void read(const std::string& unit, std::function<void(const Result<Weights>&)> then) override;
    /// Remembered before systemd is told, and until systemd has taken the weights back.
    void write(const std::string& unit, const Weights& weights, std::function<void(const Result<void>&)> then) override;
    void split(const std::string& scope, const std::vector<Pid>& processes, const std::string& new_scope,
               std::function<void(const Result<void>&)> then) override;

private:
    void remember(const std::string& unit);
    void forget(const std::string& unit);

    const daemon::Log& log_;
    bus::SystemdUnits& systemd_;
    Uid user_;
    std::optional<daemon::ChangedUnits> changed_;
    std::set<std::string> set_;
};

}  // namespace priorityd::session
