// SPDX-License-Identifier: GPL-3.0-or-later
/// Where errors of D-Bus end and begin: what may throw an sdbus::Error is run inside caught(), and a no becomes one.
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include <sdbus-c++/Error.h>

#include "core/control.hpp"
#include "core/result.hpp"

namespace priorityd::bus {

/// The errno that the name of a D-Bus error stands for; EIO for any other name. Source: sd-bus-errors(3).
[[nodiscard]] Error to_error(const sdbus::Error& error, std::string doing);

/// The error of the contract that a caller gets for a no. Its text is made safe to show.
[[nodiscard]] sdbus::Error to_bus_error(const Refusal& refusal);

/// What `attempt` returns, or the sdbus::Error that it has thrown.
template <typename Attempt>
[[nodiscard]] Result<std::invoke_result_t<Attempt>> caught(std::string doing, Attempt attempt)
{
    try {
        if constexpr (std::is_void_v<std::invoke_result_t<Attempt>>) {
            attempt();
            return {};
        } else {
            return attempt();
        }
    } catch (const sdbus::Error& error) {
        return tl::unexpected{to_error(error, std::move(doing))};
    }
}

}  // namespace priorityd::bus
