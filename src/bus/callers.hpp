// SPDX-License-Identifier: GPL-3.0-or-later
/// Who is calling, and whether they are still there: asked of the bus itself, without waiting for its answer.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include <sdbus-c++/IConnection.h>
#include <sdbus-c++/IProxy.h>

#include "bus/match.hpp"
#include "core/control.hpp"
#include "core/ids.hpp"

namespace priorityd::bus {

/// The no for a caller who is not there any more, or of whom that cannot be told; mostly, nobody hears it.
[[nodiscard]] Refusal caller_has_left();

/// Nothing is called once this object is gone. Questions that cannot be sent are answered with nothing, at once.
class Callers {
public:
    explicit Callers(sdbus::IConnection& connection);
    Callers(const Callers&) = delete;
    Callers& operator=(const Callers&) = delete;
    Callers(Callers&&) = delete;
    Callers& operator=(Callers&&) = delete;
    ~Callers();

    /// Calls `then` with the user that the connection `sender` belongs to; with nothing when it has left the bus.
    void find_user(const std::string& sender, std::function<void(std::optional<Uid>)> then);
    /// The user that find_user has found, which stays true for as long as the connection is there, and says nothing of
    /// whether it still is; empty when that is not remembered.
    [[nodiscard]] std::optional<Uid> known_user(const std::string& sender) const;
    /// Calls `then` with the connection that owns `name`; with nothing when none does.
    void find_owner(const std::string& name, std::function<void(std::optional<std::string>)> then);

    /// Calls `left`, at most once, when `connection` leaves the bus, for as long as the Match lives; also when the bus
    /// will not let it be watched. That it was there in the first place is to be asked after this, with find_user.
    /// Errors: those of Match::add.
    [[nodiscard]] Result<Match> watch(const std::string& connection, std::function<void()> left);

    /// Subscribes to signals of others. Errors: those of Match::add.
    [[nodiscard]] Result<Match> listen(const std::string& rule, Match::Handlers handlers);

private:
    void remember(const std::string& sender, Uid user);

    std::unordered_map<std::string, Uid> known_;  ///< A connection's name is never given to another.
    std::unique_ptr<sdbus::IProxy> driver_;
};

}  // namespace priorityd::bus
