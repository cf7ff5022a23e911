// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl reload: the daemon reads settings and rules again.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/readable.hpp"
#include "cli/json.hpp"
#include "cli/password_agent.hpp"
#include "cli/verbs.hpp"

namespace priorityd::cli {
namespace {

void print_diagnostics(const std::vector<std::string>& diagnostics)
{
    for (const std::string& diagnostic : diagnostics)
        print(bus::readable(diagnostic) + "\n");
}

void print_done(const Context& context, const bus::Reloaded& reloaded)
{
    if (context.is_json()) {
        print_json({{"accepted", true}, {"rules", reloaded.rules}, {"diagnostics", reloaded.diagnostics}});
        return;
    }
    print_diagnostics(reloaded.diagnostics);
    print(fmt::format("{} in force\n", counted(reloaded.rules, "rule")));
}

/// The error tells the first mistake only; the daemon keeps them all.
ExitStatus print_refused(const Context& context, bus::ManagerClient& client, const bus::ClientError& error)
{
    if (const auto status = client.status()) {
        if (context.is_json())
            print_json({{"accepted", false}, {"rules", status->daemon.rules}, {"diagnostics", status->diagnostics}});
        else
            print_diagnostics(status->diagnostics);
    }
    return fail(error);
}

ExitStatus reload(const Context& context)
{
    auto client = connect(context);
    if (!client)
        return client.error();
    const PasswordAgent agent{context};
    const auto reloaded = client->reload();
    if (reloaded) {
        print_done(context, *reloaded);
        return ExitStatus::done;
    }
    if (reloaded.error().kind == bus::ClientError::Kind::refused_rules)
        return print_refused(context, *client, reloaded.error());
    return fail(reloaded.error());
}

}  // namespace

Run add_reload(CLI::App& /*verb*/)
{
    return reload;
}

}  // namespace priorityd::cli
