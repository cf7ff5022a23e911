// SPDX-License-Identifier: GPL-3.0-or-later
/// Users whose last session ends, as the login manager tells it; listened to only while somebody wants to know.
#pragma once

#include <functional>
#include <optional>
#include <set>

#include "bus/callers.hpp"

namespace priorityd::bus {

class Logouts {
public:
    /// `logged_out` is told once of each user that was expected. `callers` must outlive this.
    Logouts(Callers& callers, std::function<void(Uid)> logged_out);

    /// From now on wants to know when the user's last session ends. Where there is no login manager, it never does.
    void expect(Uid user);
    void ignore(Uid user);

private:
    void listen();
    void hear(sd_bus_message* message);
    void believe(Uid user);

    Callers& callers_;
    std::function<void(Uid)> logged_out_;
    std::set<Uid> expected_;
    std::optional<Match> match_;
};

}  // namespace priorityd::bus
