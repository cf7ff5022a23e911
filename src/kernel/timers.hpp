// SPDX-License-Identifier: GPL-3.0-or-later
/// Which services timers start, by the files of their units.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/scoring/surroundings.hpp"

namespace priorityd::kernel {

/// Folders of units, the highest precedence first. Tests point them elsewhere.
struct TimerPlaces {
    /// Source: systemd.unit(5), "UNIT FILE LOAD PATH".
    std::vector<std::string> system{
        "/etc/systemd/system",           "/run/systemd/transient",  "/run/systemd/system", "/run/systemd/generator",
        "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"};
    /// What all users have in common; their homes are not looked into.
    std::vector<std::string> user{"/etc/systemd/user", "/run/systemd/user", "/usr/local/lib/systemd/user",
                                  "/usr/lib/systemd/user"};
};

/// Reads the timers in these folders, enabled or not; drop-ins are left out, and what is larger than any timer, or is
/// none. Costs a millisecond: not for the exec path.
[[nodiscard]] TimedServices read_timers(const TimerPlaces& places = {});

/// The service that a timer starts: that of its own name, unless it says another. `name`: "backup.timer"; `text`: of
/// the file, any bytes. Empty where that is no service. Source: systemd.timer(5).
[[nodiscard]] std::string service_of_timer(std::string_view name, std::string_view text);

}  // namespace priorityd::kernel
