// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/service_manager.hpp"

#include <chrono>

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

namespace priorityd::daemon {

void tell_ready()
{
    sd_notify(0, "READY=1");
}

void tell_reloading()
{
    // By the time the manager knows which signal this answers. Source: RELOADING=1 in sd_notify(3).
    const auto since_boot =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch());
    sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", since_boot.count()).c_str());
}

void tell_stopping()
{
    sd_notify(0, "STOPPING=1");
}

}  // namespace priorityd::daemon
