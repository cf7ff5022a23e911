// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/options.hpp"

#include <cstdlib>
#include <iostream>
#include <map>

#include <CLI/CLI.hpp>

#include "kernel/user_rules.hpp"

namespace priorityd::session {
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
    app.add_option("--log-level", options.log_level, "debug prints each wish")
        ->transform(CLI::CheckedTransformer(kLevels, CLI::ignore_case).description(""))
        ->type_name("error|warning|notice|info|debug");
}

}  // namespace

std::variant<Options, int> parse_options(int argc, const char* const* argv)
{
    Options options;
    options.rules = kernel::own_rules_folder();
    options.state = default_state();
    CLI::App app{"Sets weights of this user's units for priorityd, and hands over this user's rules."};
    describe(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& done) {
        return app.exit(done);
    } catch (const CLI::ParseError& wrong) {
        std::cerr << "priorityd-session: " << wrong.what() << "; see priorityd-session --help\n";
        return kExitUsage;
    }
    return options;
}

}  // namespace priorityd::session
