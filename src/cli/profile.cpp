// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl profile: the profiles of the rules (overlays in the code), which one is in force, and another one.
#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/readable.hpp"
#include "cli/json.hpp"
#include "cli/password_agent.hpp"
#include "cli/show.hpp"
#include "cli/verbs.hpp"

namespace priorityd::cli {
namespace {

struct Shown {
    OverlayStatus status;
    std::vector<OverlayView> all;
};

bus::ClientResult<Shown> ask(bus::ManagerClient& client)
{
    auto status = client.status();
    if (!status)
        return tl::unexpected{status.error()};
    auto all = client.overlays();
    if (!all)
        return tl::unexpected{all.error()};
    return Shown{std::move(status->overlay), *std::move(all)};
}

Json status_json(const OverlayStatus& status)
{
    return {{"profile", status.name}, {"choice", status.chosen}, {"because", status.because}};
}

std::string status_text(const OverlayStatus& status)
{
    return fmt::format("{} in force: {}\n", status.name.empty() ? "no profile is" : "profile " + status.name + " is",
                       bus::readable(status.because));
}

void print_document(const Shown& shown)
{
    Json profiles = Json::array();
    for (const OverlayView& one : shown.all)
        profiles.push_back({{"name", one.name},
                            {"description", one.description},
                            {"effective", one.is_in_force},
                            {"source", one.source}});
    Json document = status_json(shown.status);
    document["profiles"] = std::move(profiles);
    print_json(document);
}

void print_text(const Shown& shown, Colour colour)
{
    Table table{{{"PROFILE"}, {"STATE"}, {"FROM"}, {"DESCRIPTION"}}};
    for (const OverlayView& one : shown.all)
        table.add({{one.name, Style::bold},
                   {one.is_in_force ? "in force" : "-", one.is_in_force ? Style::green : Style::dim},
                   {one.source, Style::dim},
                   {one.description}});
    if (!table.empty())
        print(table.to_text(colour) + "\n");
    print(status_text(shown.status));
}

ExitStatus choose(const Context& context, const std::string& choice)
{
    auto client = connect(context);
    if (!client)
        return client.error();
    {
        const PasswordAgent agent{context};
        if (const auto done = client->choose_overlay(choice); !done)
            return fail(done.error());
    }
    const auto status = client->status();
    if (!status)
        return fail(status.error());
    if (context.is_json())
        print_json(status_json(status->overlay));
    else
        print(status_text(status->overlay));
    return ExitStatus::done;
}

}  // namespace

Run add_profile(CLI::App& verb)
{
    const auto choice = std::make_shared<std::string>();
    const auto* given =
        verb.add_option("PROFILE", *choice, "Which to bring into force; auto: leave it to the settings")->type_name("");
    verb.footer(
        "A profile gives classes other values, and the limits. Without a name: which there are, which is in force, "
        "and\n"
        "why. A choice stays, over restarts too, until \"auto\" gives it back to the power state and the settings;\n"
        "\"none\" chooses no profile.");
    return [choice, given](const Context& context) {
        return given->count() == 0 ? show(context, ask, print_document, print_text) : choose(context, *choice);
    };
}

}  // namespace priorityd::cli
