// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/command_line.hpp"

#include <iostream>
#include <map>

#include <CLI/CLI.hpp>

namespace priorityd::daemon {

void add_log_level(CLI::App& app, Log::Level& into, const std::string& help)
{
    static const std::map<std::string, Log::Level> kLevels{{"error", Log::Level::error},
                                                           {"warning", Log::Level::warning},
                                                           {"notice", Log::Level::notice},
                                                           {"info", Log::Level::info},
                                                           {"debug", Log::Level::debug}};
    app.add_option("--log-level", into, help)
        ->transform(CLI::CheckedTransformer(kLevels, CLI::ignore_case).description(""))
        ->type_name("error|warning|notice|info|debug");
}

std::optional<int> parse(CLI::App& app, const std::string& program, int argc, const char* const* argv)
{
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& done) {
        return app.exit(done);
    } catch (const CLI::ParseError& wrong) {
        std::cerr << program << ": " << wrong.what() << "; see " << program << " --help\n";
        return kExitUsage;
    }
    return std::nullopt;
}

}  // namespace priorityd::daemon
