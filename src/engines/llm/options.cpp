// SPDX-License-Identifier: GPL-3.0-or-later
#include "engines/llm/options.hpp"

#include <cstdlib>
#include <iostream>
#include <map>

#include <CLI/CLI.hpp>

namespace priorityd::llm {
namespace {

using Level = daemon::Log::Level;

constexpr int kExitUsage = 2;

const std::map<std::string, Level> kLevels{{"error", Level::error},
                                           {"warning", Level::warning},
                                           {"notice", Level::notice},
                                           {"info", Level::info},
                                           {"debug", Level::debug}};

/// What systemd has made for the unit; by hand, the same place.
std::filesystem::path default_state()
{
    const char* folder = std::getenv("STATE_DIRECTORY");  // NOLINT(concurrency-mt-unsafe): before there are threads
    return folder ? folder : "/var/lib/priorityd-llm";
}

void describe(CLI::App& app, Options& options)
{
    app.set_version_flag("--version", std::string{"priorityd-llm "} + PRIORITYD_VERSION);
    app.add_option("--bus", options.bus, "Where priorityd is: system, session or an address")->capture_default_str();
    app.add_option("--settings", options.settings, "Settings file")->type_name("FILE")->capture_default_str();
    app.add_option("--state", options.state, "Folder of the catalogue")->type_name("DIR")->capture_default_str();
    app.add_option("--log-level", options.log_level, "info prints each request")
        ->transform(CLI::CheckedTransformer(kLevels, CLI::ignore_case).description(""))
        ->type_name("error|warning|notice|info|debug");
}

}  // namespace

std::variant<Options, int> parse_options(int argc, const char* const* argv)
{
    Options options;
    options.settings = "/etc/priorityd/llm.toml";
    options.state = default_state();
    CLI::App app{"Asks a language model what kinds of programs there are, for priorityd."};
    describe(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& done) {
        return app.exit(done);
    } catch (const CLI::ParseError& wrong) {
        std::cerr << "priorityd-llm: " << wrong.what() << "; see priorityd-llm --help\n";
        return kExitUsage;
    }
    return options;
}

}  // namespace priorityd::llm
