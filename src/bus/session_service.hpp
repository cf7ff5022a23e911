// SPDX-License-Identifier: GPL-3.0-or-later
/// The object /org/priorityd1/session, by which priorityd-session takes wishes from the daemon and from nobody else.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bus/connection.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/weights.hpp"

namespace priorityd::bus {

/// What the session does for the daemon. Names are those of units that processes run in.
class SessionDuties {
public:
    virtual ~SessionDuties() = default;
    virtual void read(const std::string& unit, std::function<void(const Result<Weights>&)> then) = 0;
    virtual void write(const std::string& unit, const Weights& weights,
                       std::function<void(const Result<void>&)> then) = 0;
    virtual void split(const std::string& scope, const std::vector<Pid>& processes, const std::string& new_scope,
                       std::function<void(const Result<void>&)> then) = 0;
};

class SessionService {
public:
    /// Exports the object on the system bus; `connection` must outlive it, and `duties` whatever is still to be
    /// processed on that. Errors: EEXIST when the connection has such an object already.
    [[nodiscard]] static Result<std::unique_ptr<SessionService>> create(Connection& connection, SessionDuties& duties);
    SessionService(const SessionService&) = delete;
    SessionService& operator=(const SessionService&) = delete;
    SessionService(SessionService&&) = delete;
    SessionService& operator=(SessionService&&) = delete;
    ~SessionService();

    /// From now on calls of this connection alone are heard; of nobody's when the name is empty, as it is at first.
    void obey(const std::string& connection);

private:
    class Object;
    explicit SessionService(std::unique_ptr<Object> object);
    std::unique_ptr<Object> object_;
};

}  // namespace priorityd::bus
