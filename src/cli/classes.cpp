// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl classes: what kinds of programs get.
#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/json.hpp"
#include "cli/policy_reading.hpp"
#include "cli/verbs.hpp"

namespace priorityd::cli {
namespace {

std::int64_t rules_with(const Policy& policy, const ProgramClass& program_class)
{
    return std::ranges::count_if(policy.rules(), [&](const Rule& rule) {
        return rule.class_index != Rule::kNone && &policy.classes()[rule.class_index] == &program_class;
    });
}

void print_document(const Policy& policy)
{
    Json document = Json::array();
    for (const ProgramClass& program_class : policy.classes()) {
        document.push_back({{"name", program_class.name},
                            {"description", program_class.description},
                            {"settings", to_json(program_class.settings)},
                            {"rules", rules_with(policy, program_class)},
                            {"source", policy.place_text(program_class.place)}});
    }
    print_json(document);
}

void print_table(const Policy& policy, Colour colour)
{
    Table table{{{"CLASS"}, {"SETTINGS"}, {"RULES", Table::Align::right}, {"FROM"}, {"DESCRIPTION"}}};
    for (const ProgramClass& program_class : policy.classes()) {
        table.add({{program_class.name, Style::bold},
                   {settings_text(program_class.settings)},
                   {std::to_string(rules_with(policy, program_class))},
                   {policy.place_text(program_class.place), Style::dim},
                   {program_class.description}});
    }
    if (!table.empty())
        print(table.to_text(colour));
}

ExitStatus classes(const Context& context, const Paths& rules)
{
    const auto policy = usable_policy(context, rules);
    if (!policy)
        return policy.error();
    if (context.is_json())
        print_document(**policy);
    else
        print_table(**policy, context.colour);
    return ExitStatus::done;
}

}  // namespace

Run add_classes(CLI::App& verb)
{
    const auto rules = std::make_shared<Paths>();
    add_rules_option(verb, *rules);
    return [rules](const Context& context) { return classes(context, *rules); };
}

}  // namespace priorityd::cli
