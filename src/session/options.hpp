// SPDX-License-Identifier: GPL-3.0-or-later
/// The command line of priorityd-session.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <variant>

#include "daemon/log.hpp"

namespace priorityd::session {

struct Options {
    std::string system_bus = "system";  ///< Where the daemon is: as for bus::parse_address.
    std::string user_bus = "session";   ///< Where this user's systemd is.
    std::filesystem::path rules;        ///< Empty: the user has no home.
    std::filesystem::path state;        ///< Empty: nothing survives a crash.
    std::chrono::seconds patience{30};  ///< How long weights stay without a daemon.
    daemon::Log::Level log_level = daemon::Log::Level::notice;
};

/// The options; or the exit status, when there is nothing more to do.
[[nodiscard]] std::variant<Options, int> parse_options(int argc, const char* const* argv);

}  // namespace priorityd::session
