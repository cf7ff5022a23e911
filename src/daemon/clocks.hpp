// SPDX-License-Identifier: GPL-3.0-or-later
/// The time, which the core is told and never asks for.
#pragma once

#include <chrono>

#include "core/explain.hpp"
#include "core/ids.hpp"

namespace priorityd::daemon {

[[nodiscard]] inline Instant now()
{
    return std::chrono::steady_clock::now();
}

[[nodiscard]] inline Clocks clocks()
{
    return {.now = now(), .date = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())};
}

}  // namespace priorityd::daemon
