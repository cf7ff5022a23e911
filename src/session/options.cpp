// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/options.hpp"

#include <cstdlib>

#include <CLI/CLI.hpp>

#include "daemon/command_line.hpp"
#include "kernel/user_rules.hpp"

namespace priorityd::session {
namespace {

/// What systemd has made for the unit; by hand, the same place.
std::filesystem::path default_state()
{
    if (const char* folder = std::getenv("RUNTIME_DIRECTORY"))  // NOLINT(concurrency-mt-unsafe): one thread
        return folder;
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");  // NOLINT(concurrency-mt-unsafe): one thread
    return runtime && *runtime == '/' ? std::filesystem::path{runtime} / "priorityd-session" : std::filesystem::path{};
}

void describe(CLI::App& app, Options& options)
{
    app.set_version_flag("--version", std::string{"priorityd-session "} + PRIORITYD_VERSION);
    app.add_option("--system-bus", options.system_bus, "Where priorityd is: system, session or an address")
        ->capture_default_str();
    app.add_option("--user-bus", options.user_bus, "Where this user's systemd is: session or an address")
        ->capture_default_str();
    app.add_option("--rules", options.rules, "Folder of this user's rules, instead of ~/.config/priorityd/rules.d")
        ->type_name("DIR");
    app.add_option("--state", options.state, "State folder")->type_name("DIR");
    app.add_option_function<int>(
           "--patience", [&options](int seconds) { options.patience = std::chrono::seconds{seconds}; },
           "How long weights stay when priorityd has gone without a word; 30 if not given")
        ->type_name("SECONDS")
        ->check(CLI::Range(0, 86400));
    daemon::add_log_level(app, options.log_level, "debug prints each wish");
}

}  // namespace

std::variant<Options, int> parse_options(int argc, const char* const* argv)
{
    Options options;
    options.rules = kernel::own_rules_folder();
    options.state = default_state();
    CLI::App app{"Sets weights of this user's units for priorityd, and hands over this user's rules."};
    describe(app, options);
    if (const auto status = daemon::parse(app, "priorityd-session", argc, argv))
        return *status;
    return options;
}

}  // namespace priorityd::session
