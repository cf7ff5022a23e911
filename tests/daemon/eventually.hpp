// SPDX-License-Identifier: GPL-3.0-or-later
/// Waiting for a descriptor, with a deadline, instead of sleeping.
#pragma once

#include <poll.h>

#include <chrono>

namespace priorityd::daemon {

/// Far beyond what a loaded machine takes; only a failing test waits that long.
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds{20};

[[nodiscard]] inline bool is_readable(int fd, std::chrono::milliseconds patience)
{
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, static_cast<int>(patience.count())) == 1;
}

/// Dispatches whenever there is something, until `holds`; false when that does not come to be.
template <typename Dispatcher, typename Condition>
[[nodiscard]] bool dispatch_until(Dispatcher& dispatcher, Condition holds)
{
    while (!holds()) {
        if (!is_readable(dispatcher.fd(), kPatience))
            return false;
        dispatcher.dispatch();
    }
    return true;
}

}  // namespace priorityd::daemon
