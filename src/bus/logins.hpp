// SPDX-License-Identifier: GPL-3.0-or-later
/// Whether a user sits at the machine, as the login manager knows it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <sdbus-c++/IConnection.h>
#include <sdbus-c++/IProxy.h>

#include "core/ids.hpp"

namespace priorityd::bus {

class Logins {
public:
    /// `connection` outlives this.
    explicit Logins(sdbus::IConnection& connection);
    Logins(const Logins&) = delete;
    Logins& operator=(const Logins&) = delete;
    ~Logins();

    /// Calls `then` with whether one of the user's sessions is active; false where nobody can say. Nothing is called
    /// once this object is gone.
    void ask_if_active(Uid user, std::function<void(bool)> then);

private:
    void ask_for_state(const std::string& path, const std::function<void(bool)>& then);

    sdbus::IConnection& connection_;
    std::unique_ptr<sdbus::IProxy> manager_;
    std::map<std::string, std::unique_ptr<sdbus::IProxy>> users_;  // by path, that were asked for
};

}  // namespace priorityd::bus
