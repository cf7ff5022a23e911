// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl check: mistakes in rules and settings.
#include <algorithm>
#include <iterator>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/readable.hpp"
#include "cli/json.hpp"
#include "cli/policy_reading.hpp"
#include "cli/verbs.hpp"
#include "core/lint.hpp"

namespace priorityd::cli {
namespace {

std::uint64_t count(const ReadPolicy& reading, Diagnostic::Level level)
{
    return static_cast<std::uint64_t>(std::ranges::count(reading.diagnostics, level, &Diagnostic::level));
}

void print_document(const ReadPolicy& reading)
{
    Json diagnostics = Json::array();
    for (const Diagnostic& diagnostic : reading.diagnostics)
        diagnostics.push_back(to_json(diagnostic));
    Json document{
        {"files", reading.files},
        {"errors", count(reading, Diagnostic::Level::error)},
        {"warnings", count(reading, Diagnostic::Level::warning)},
    };
    if (reading.policy) {
        document["rules"] = reading.policy->rules().size();
        document["classes"] = reading.policy->classes().size();
    }
    document["diagnostics"] = std::move(diagnostics);
    print_json(document);
}

std::string summary(const ReadPolicy& reading)
{
    std::string text = fmt::format("{}, {}, {}", counted(reading.files, "file"),
                                   counted(count(reading, Diagnostic::Level::error), "error"),
                                   counted(count(reading, Diagnostic::Level::warning), "warning"));
    if (reading.policy)
        text += fmt::format("; {}, {}", counted(reading.policy->rules().size(), "rule"),
                            counted(reading.policy->classes().size(), "class"));
    return text + "\n";
}

void print_text(const ReadPolicy& reading, Colour colour)
{
    for (const Diagnostic& diagnostic : reading.diagnostics) {
        const Style style = diagnostic.level == Diagnostic::Level::error ? Style::red : Style::yellow;
        print(styled(bus::readable(diagnostic.to_text()), style, colour) + "\n");
    }
    print(summary(reading));
}

ExitStatus check(const Context& context, const Paths& places)
{
    ReadPolicy reading = read_policy_of(places);
    if (reading.policy) {
        std::ranges::copy(lint(*reading.policy), std::back_inserter(reading.diagnostics));
        sort(reading.diagnostics);
    }
    if (context.is_json())
        print_document(reading);
    else
        print_text(reading, context.colour);
    return has_errors(reading.diagnostics) ? ExitStatus::refused : ExitStatus::done;
}

}  // namespace

Run add_check(CLI::App& verb)
{
    const auto places = std::make_shared<Paths>();
    verb.add_option("PLACE", *places, "Folders and files to read, and nothing else; by default what the daemon reads")
        ->type_name("DIR|FILE");
    verb.footer(
        "Files named priorityd.toml, and what is in priorityd.toml.d, are settings; everything else is rules.\n"
        "A class that is defined in none of the places given is an error: name its folder too.");
    return [places](const Context& context) { return check(context, *places); };
}

}  // namespace priorityd::cli
