// SPDX-License-Identifier: GPL-3.0-or-later
/// Told of priorityd-session in users' managers, through which alone the weights of users' units can be set.
#pragma once

#include <string>
#include <vector>

#include "core/ids.hpp"

namespace priorityd {

class SessionListener {
public:
    virtual ~SessionListener() = default;
    /// The user has one from now on, or another one than before. `units`: names of those that have weights which a
    /// priorityd has asked it to set.
    virtual void session_attached(Uid user, const std::vector<std::string>& units) = 0;
    virtual void session_left(Uid user) = 0;
};

}  // namespace priorityd
