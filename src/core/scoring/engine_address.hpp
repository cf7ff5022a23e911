// SPDX-License-Identifier: GPL-3.0-or-later
/// Where an engine outside is: a process on the bus that exports org.priorityd1.Engine.
#pragma once

#include <string>
#include <string_view>

namespace priorityd {

struct EngineAddress {
    std::string bus_name;  ///< A well-known one: whoever owns it now is asked.
    std::string object_path = "/org/priorityd1/Engine";
    friend bool operator==(const EngineAddress&, const EngineAddress&) = default;
};

/// Whether somebody could own it on request. Source: D-Bus Specification, "Bus names".
[[nodiscard]] bool is_well_known_name(std::string_view text);
/// Source: D-Bus Specification, "Valid Object Paths".
[[nodiscard]] bool is_object_path(std::string_view text);
/// What an engine may be called in the settings: 1 to 64 of a to z, 0 to 9, '-' and '_'.
[[nodiscard]] bool is_engine_name(std::string_view text);

}  // namespace priorityd
