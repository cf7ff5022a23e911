// SPDX-License-Identifier: GPL-3.0-or-later
/// What the command lines of the services have in common.
#pragma once

#include <optional>
#include <string>

#include "daemon/log.hpp"

namespace CLI {
class App;
}

namespace priorityd::daemon {

/// Exit status of a wrong command line. Source: the contract's table.
constexpr int kExitUsage = 2;

/// Adds --log-level; `help` says what more of it brings.
void add_log_level(CLI::App& app, Log::Level& into, const std::string& help);
/// Parses. The exit status after --help, --version or a usage error, which have been printed; empty: go on.
[[nodiscard]] std::optional<int> parse(CLI::App& app, const std::string& program, int argc, const char* const* argv);

}  // namespace priorityd::daemon
