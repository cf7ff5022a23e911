// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl overrides: what people have asked for, over all rules.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json.hpp"
#include "cli/show.hpp"
#include "cli/target.hpp"
#include "cli/time_span.hpp"
#include "cli/verbs.hpp"
#include "kernel/accounts.hpp"

namespace priorityd::cli {
namespace {

/// When it ends, by itself or not.
std::string lasts_text(const OverrideView& one)
{
    if (one.kept.is_permanent)
        return "permanent";
    if (one.remaining)
        return time_span_text(*one.remaining);
    if (!one.kept.connection.empty())
        return "until its caller leaves";
    return std::holds_alternative<ProcessKey>(one.kept.target) ? "until it ends" : "until removed";
}

/// Whose processes a pattern is about; a process needs no more words.
std::string users_text(const Override& kept)
{
    if (std::holds_alternative<ProcessKey>(kept.target))
        return "-";
    return kept.is_for_everybody ? "all" : "own";
}

void print_table(const std::vector<OverrideView>& overrides, Colour colour)
{
    using enum Table::Align;
    Table table{
        {{"ID", right}, {"TARGET"}, {"SETTINGS"}, {"OWNER"}, {"USERS"}, {"LASTS"}, {"PROCESSES", right}, {"REASON"}}};
    for (const OverrideView& one : overrides) {
        table.add({{one.kept.id},
                   {target_text(one.kept.target), Style::bold},
                   {settings_text(one.kept.settings)},
                   {kernel::user_name(one.kept.owner)},
                   {users_text(one.kept)},
                   {lasts_text(one)},
                   {std::to_string(one.processes)},
                   {one.kept.reason, Style::dim}});
    }
    if (!table.empty())
        print(table.to_text(colour));
}

void print_document(const std::vector<OverrideView>& overrides)
{
    Json document = Json::array();
    for (const OverrideView& one : overrides)
        document.push_back(to_json(one));
    print_json(document);
}

ExitStatus overrides(const Context& context)
{
    return show(
        context, [](bus::ManagerClient& client) { return client.overrides(); }, print_document, print_table);
}

}  // namespace

Run add_overrides(CLI::App& verb)
{
    verb.footer(
        "In the order of their making: the later wins, setting by setting. USERS: whose processes a pattern is\n"
        "about, the owner's own or those of all. PROCESSES: how many it fits now.");
    return overrides;
}

}  // namespace priorityd::cli
