// SPDX-License-Identifier: GPL-3.0-or-later
/// A user's own rules, read by a program of that user's, to be handed to the daemon, which opens no file in a home.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "kernel/policy_folders.hpp"

namespace priorityd::kernel {

/// Names and texts, in the order of reading.
using UserRuleFiles = std::vector<std::pair<std::string, std::string>>;

/// priorityd/rules.d below $XDG_CONFIG_HOME or ~/.config. Empty when the environment says neither.
[[nodiscard]] std::filesystem::path own_rules_folder();

/// All that is there. Errors (code 0, for a person): a file that cannot be read, or not be sent over D-Bus; more than
/// the daemon takes of one user.
[[nodiscard]] Result<UserRuleFiles> read_user_rules(const PolicyPlaces& places);

}  // namespace priorityd::kernel
