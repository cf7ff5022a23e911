// SPDX-License-Identifier: GPL-3.0-or-later
#include "engines/llm/options.hpp"

#include <cstdlib>

#include <CLI/CLI.hpp>

#include "daemon/command_line.hpp"

namespace priorityd::llm {
namespace {

/// What systemd has made for the unit; by hand, the same place.
std::filesystem::path default_state()
{
    const char* folder = std::getenv("STATE_DIRECTORY");  // NOLINT(concurrency-mt-unsafe): before there are threads
    return folder ? folder : "/var/lib/priorityd-llm";
}

void describe(CLI::App& app, Options& options)
{
    app.set_version_flag("--version", std::string{"priorityd-llm "} + PRIORITYD_VERSION);
    auto* bus = app.add_option("--bus", options.bus, "Where priorityd is: system, session or an address");
    bus->capture_default_str();
    app.add_option("--settings", options.settings, "Settings file")->type_name("FILE")->capture_default_str();
    auto* state = app.add_option("--state", options.state, "Folder of the catalogue");
    state->type_name("DIR")->capture_default_str();
    app.add_flag("--score", options.is_scoring, "Ask about the programs on standard input, print the answers, end")
        ->excludes(bus, state);
    daemon::add_log_level(app, options.log_level, "info prints each request");
}

}  // namespace

std::variant<Options, int> parse_options(int argc, const char* const* argv)
{
    Options options;
    options.settings = "/etc/priorityd/llm.toml";
    options.state = default_state();
    CLI::App app{"Asks a language model what kinds of programs there are, for priorityd."};
    describe(app, options);
    if (const auto status = daemon::parse(app, "priorityd-llm", argc, argv))
        return *status;
    return options;
}

}  // namespace priorityd::llm
