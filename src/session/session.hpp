// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityd-session at work: follows the daemon, offers it this user's units, and takes back what it has left.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "bus/daemon_link.hpp"
#include "bus/session_service.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/log.hpp"
#include "session/rules.hpp"
#include "session/units.hpp"

namespace priorityd::session {

class Session {
public:
    /// All of it must outlive the session.
    struct Parts {
        const daemon::Log& log;
        daemon::EventLoop& loop;
        bus::Connection& system_bus;
        Units& units;
        std::filesystem::path rules;
        std::chrono::seconds patience;  ///< How long weights stay without a daemon.
    };
    explicit Session(Parts parts);

    /// Errors: those of the bus and of the loop.
    [[nodiscard]] Result<void> start();
    /// Hears nobody any more, and asks systemd to take back all that was set.
    void stop();

private:
    void on_owner(const std::string& owner);
    void attach();
    void on_attached(const Result<void>& answer);
    void on_patience_over();

    Parts parts_;
    Rules rules_;
    std::unique_ptr<bus::SessionService> service_;
    std::unique_ptr<bus::DaemonLink> daemon_;
    std::size_t attempts_ = 0;  // to attach to the present daemon
    daemon::Timer retry_, patience_;
};

}  // namespace priorityd::session
