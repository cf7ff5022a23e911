// SPDX-License-Identifier: GPL-3.0-or-later
/// The priorityd-session of each user that has one, as the keeper of the weights of that user's units.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bus/connection.hpp"
#include "core/control.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/session_listener.hpp"
#include "core/weights.hpp"

namespace priorityd::bus {

/// Answers come when the connection is driven, 15 seconds later at most; none once this object, or that session, is
/// gone. Whom the bus does not let be reached is answered at once.
class Sessions {
public:
    /// Both must outlive this.
    Sessions(Connection& connection, SessionListener& listener);
    Sessions(const Sessions&) = delete;
    Sessions& operator=(const Sessions&) = delete;
    Sessions(Sessions&&) = delete;
    Sessions& operator=(Sessions&&) = delete;
    ~Sessions();

    /// From now on this connection is the caller's session, if it is still there, until it leaves the bus or another
    /// one of that user comes. `then` is told. `units`: see SessionListener. Refusals: invalid_setting for what is no
    /// name of a unit; limit_reached; failed when it has left.
    void attach(const Caller& caller, std::vector<std::string> units, std::function<void(const Verdict<void>&)> then);

    /// As SystemdUnits has it. Errors: also ENOTCONN when the user has no session.
    void read(Uid user, const std::string& unit, const std::function<void(const Result<Weights>&)>& then);
    void write(Uid user, const std::string& unit, const Weights& weights,
               const std::function<void(const Result<void>&)>& then);
    void split(Uid user, const std::string& scope, const std::vector<Pid>& processes, const std::string& new_scope,
               const std::function<void(const Result<void>&)>& then);

    /// To be called when the connection is lost, and with it every session.
    void lose_everybody();
    /// Whether an answer is awaited.
    [[nodiscard]] bool is_waiting() const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace priorityd::bus
