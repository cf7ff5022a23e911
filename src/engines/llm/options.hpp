// SPDX-License-Identifier: GPL-3.0-or-later
/// The command line of priorityd-llm.
#pragma once

#include <filesystem>
#include <string>
#include <variant>

#include "daemon/log.hpp"

namespace priorityd::llm {

struct Options {
    std::string bus = "system";      ///< As for bus::parse_address.
    std::filesystem::path settings;  ///< Need not be there.
    std::filesystem::path state;     ///< Folder of the catalogue.
    bool is_scoring = false;         ///< Standard input, once, instead of serving the daemon.
    daemon::Log::Level log_level = daemon::Log::Level::notice;
};

/// The options; or the exit status, when there is nothing more to do.
[[nodiscard]] std::variant<Options, int> parse_options(int argc, const char* const* argv);

}  // namespace priorityd::llm
