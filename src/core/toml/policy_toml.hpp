// SPDX-License-Identifier: GPL-3.0-or-later
/// Settings and rules from TOML. What is wrong becomes diagnostics, and the reading goes on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/condition.hpp"
#include "core/diagnostic.hpp"
#include "core/policy.hpp"
#include "core/policy_builder.hpp"

namespace priorityd {

/// What the file does not name stays as it is in `settings`.
void read_settings_toml(const std::string& path, std::string_view text, Settings& settings, Diagnostics& diagnostics);

/// A rule file that the builder knows by the number `file`.
void read_rules_toml(std::uint32_t file, const std::string& path, std::string_view text, const Accounts& accounts,
                     PolicyBuilder& builder, Diagnostics& diagnostics);

}  // namespace priorityd
