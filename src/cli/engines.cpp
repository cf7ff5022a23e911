// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl engines: the scoring engines, and how they have done; what was learned is forgotten.
#include <chrono>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json.hpp"
#include "cli/password_agent.hpp"
#include "cli/show.hpp"
#include "cli/verbs.hpp"

namespace priorityd::cli {
namespace {

std::string latency_text(std::chrono::microseconds latency)
{
    return latency.count() == 0 ? "-"
                                : fmt::format("{:.1f} ms", std::chrono::duration<double, std::milli>(latency).count());
}

void print_table(const std::vector<EngineView>& engines, Colour colour)
{
    using enum Table::Align;
    Table table{{{"ENGINE"},
                 {"STATE"},
                 {"WEIGHT", right},
                 {"CALLS", right},
                 {"VOTES", right},
                 {"PROGRAMS", right},
                 {"HITS", right},
                 {"MISSES", right},
                 {"LATENCY", right},
                 {"REFUSED", right},
                 {"FAILURES", right},
                 {"HEALTH"}}};
    for (const EngineView& one : engines) {
        table.add({{one.name, Style::bold},
                   {one.is_enabled ? "enabled" : "off", one.is_enabled ? Style::green : Style::dim},
                   {fmt::format("{:g}", one.weight)},
                   {std::to_string(one.calls)},
                   {std::to_string(one.votes)},
                   {std::to_string(one.cache.programs)},
                   {std::to_string(one.cache.hits)},
                   {std::to_string(one.cache.misses)},
                   {latency_text(one.cache.latency)},
                   {std::to_string(one.refused)},
                   {std::to_string(one.failures)},
                   {one.health}});
    }
    if (!table.empty())
        print(table.to_text(colour));
}

void print_document(const std::vector<EngineView>& engines)
{
    Json document = Json::array();
    for (const EngineView& one : engines)
        document.push_back({{"name", one.name},
                            {"enabled", one.is_enabled},
                            {"weight", one.weight},
                            {"calls", one.calls},
                            {"votes", one.votes},
                            {"programs", one.cache.programs},
                            {"hits", one.cache.hits},
                            {"misses", one.cache.misses},
                            {"latency_usec", one.cache.latency.count()},
                            {"refused", one.refused},
                            {"failures", one.failures},
                            {"health", one.health}});
    print_json(document);
}

ExitStatus engines(const Context& context)
{
    return show(
        context, [](bus::ManagerClient& client) { return client.engines(); }, print_document, print_table);
}

ExitStatus forget(const Context& context)
{
    auto client = connect(context);
    if (!client)
        return client.error();
    const PasswordAgent agent{context};
    if (const auto done = client->forget_learned(); !done)
        return fail(done.error());
    if (context.is_json())
        print_json({{"forgotten", true}});
    else
        print("what was learned of programs is forgotten\n");
    return ExitStatus::done;
}

}  // namespace

Run add_engines(CLI::App& verb)
{
    const auto action = std::make_shared<std::string>();
    verb.add_option("ACTION", *action, "forget: forget what was learned of programs")
        ->type_name("")
        ->check(CLI::IsMember({"forget"}));
    verb.footer(
        "Since the daemon's start. CALLS: programs that it was asked about. VOTES: of how many it had something to "
        "say.\n"
        "behaviour counts samples and classes found, guard how often it has begun to lower and how often that helped.\n"
        "PROGRAMS, HITS, MISSES: what is remembered of programs. LATENCY: of the last look-up, off the exec path.\n"
        "REFUSED: answers that said what they may not. FAILURES: calls without an answer. HEALTH: whether it is "
        "asked.\n"
        "\"profiles\" goes by what programs have turned out to be; forget empties it, rejected suggestions too.");
    return [action](const Context& context) { return action->empty() ? engines(context) : forget(context); };
}

}  // namespace priorityd::cli
