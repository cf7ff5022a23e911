// SPDX-License-Identifier: GPL-3.0-or-later
/// What an override is about, as the command line spells it: PID, name:GLOB, exe:GLOB, unit:GLOB.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/ids.hpp"
#include "core/override.hpp"

namespace priorityd::cli {

/// A process by its number alone, or a pattern.
using Target = std::variant<Pid, PatternTarget>;

/// For the error text.
constexpr std::string_view kTargetExpected =
    "expected a process id, or a pattern like name:firefox*, exe:/opt/games/* or unit:ci-*.service";

[[nodiscard]] bool is_number(std::string_view text);
/// Empty for what is no number, and for numbers that no process can have.
[[nodiscard]] std::optional<Pid> parse_pid(std::string_view text);
/// Takes "pid:42" for "42" too. Empty for anything else, and for a pattern that is empty or longer than 4096 bytes.
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);
/// "pid:42", "name:firefox*": what parse_target reads back.
[[nodiscard]] std::string target_text(const OverrideTarget& target);
/// Whether both are the same pattern, or `kept` is a process with that number.
[[nodiscard]] bool is_same(const OverrideTarget& kept, const Target& asked);

}  // namespace priorityd::cli
