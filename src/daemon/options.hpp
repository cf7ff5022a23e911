// SPDX-License-Identifier: GPL-3.0-or-later
/// What the daemon's command line says.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/log.hpp"

namespace priorityd::daemon {

struct Options {
    std::optional<std::filesystem::path> config;  ///< Instead of the default settings files.
    std::vector<std::filesystem::path> rules;     ///< Instead of the default folders; lowest precedence first.
    std::filesystem::path state = "/var/lib/priorityd";
    std::string bus = "system";  ///< "system", "session", "none" or an address.
    bool is_dry_run = false;
    Log::Level log_level = Log::Level::notice;
};

/// The options, or the exit status after --help, --version or a usage error, which have been printed.
/// $STATE_DIRECTORY gives the default of --state. Source: systemd.exec(5).
[[nodiscard]] std::variant<Options, int> parse_options(int argc, const char* const* argv);

}  // namespace priorityd::daemon
