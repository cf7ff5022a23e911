// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/options.hpp"

#include <cstdlib>

#include <CLI/CLI.hpp>

#include "daemon/command_line.hpp"

namespace priorityd::daemon {
namespace {

void describe(CLI::App& app, Options& options)
{
    app.set_version_flag("--version", std::string{"priorityd "} + PRIORITYD_VERSION);
    app.add_option("--config", options.config,
                   "Settings file, instead of /etc/priorityd/priorityd.toml and its drop-ins")
        ->type_name("FILE");
    app.add_option("--rules", options.rules,
                   "Folder of rules, instead of the default ones; may be repeated, later wins")
        ->type_name("DIR")
        ->allow_extra_args(false);
    app.add_option("--state", options.state, "State folder")->type_name("DIR")->capture_default_str();
    app.add_option("--bus", options.bus, "Message bus: system, session, none or an address")->capture_default_str();
    app.add_flag("--dry-run", options.is_dry_run, "Decide and publish everything, apply nothing");
    add_log_level(app, options.log_level, "info prints each change");
}

/// So that places in diagnostics and explanations can be opened from wherever they are read.
void make_absolute(Options& options)
{
    for (auto& folder : options.rules)
        folder = std::filesystem::absolute(folder).lexically_normal();
    if (options.config)
        options.config = std::filesystem::absolute(*options.config).lexically_normal();
}

}  // namespace

std::variant<Options, int> parse_options(int argc, const char* const* argv)
{
    Options options;
    if (const char* state = std::getenv("STATE_DIRECTORY"))  // NOLINT(concurrency-mt-unsafe): one thread
        options.state = state;
    CLI::App app{"Gives programs their priorities as they start, by rules."};
    describe(app, options);
    if (const auto status = parse(app, "priorityd", argc, argv))
        return *status;
    make_absolute(options);
    return options;
}

}  // namespace priorityd::daemon
