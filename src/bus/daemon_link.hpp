// SPDX-License-Identifier: GPL-3.0-or-later
/// The daemon as priorityd-session sees it: who it is now, and what is asked of it, without waiting.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bus/connection.hpp"
#include "core/result.hpp"

namespace priorityd::bus {

class DaemonLink {
public:
    /// Told of each other connection that owns the daemon's name; of an empty one when nobody does.
    using OwnerChanged = std::function<void(const std::string& owner)>;
    /// The number of rules in force, and what was to be said of them.
    struct RulesAnswer {
        std::uint32_t rules = 0;
        std::vector<std::string> diagnostics;
    };

    /// Begins to follow the name, and tells of its owner soon. `failed`: the bus does not let it be followed.
    /// `connection` must outlive this. Errors: those of sd_bus_add_match_async(3).
    [[nodiscard]] static Result<std::unique_ptr<DaemonLink>> follow(Connection& connection, OwnerChanged changed,
                                                                    std::function<void()> failed);
    DaemonLink(const DaemonLink&) = delete;
    DaemonLink& operator=(const DaemonLink&) = delete;
    DaemonLink(DaemonLink&&) = delete;
    DaemonLink& operator=(DaemonLink&&) = delete;
    ~DaemonLink();

    // Asked of the present owner; no answer comes once there is another one. Nobody is started for it. Errors:
    // ENOTCONN when there is none; EACCES when this user may not; ETIMEDOUT; 0 with the daemon's own words.

    void attach(const std::vector<std::string>& units, const std::function<void(const Result<void>&)>& then);
    /// Names and texts of the user's own rules; none to take them back.
    void use_rules(const std::vector<std::pair<std::string, std::string>>& files,
                   const std::function<void(const Result<RulesAnswer>&)>& then);

private:
    class State;
    explicit DaemonLink(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace priorityd::bus
