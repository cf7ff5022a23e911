// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl rules: the rules in the order of reading, or those that may apply to a name.
#include <memory>
#include <numeric>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json.hpp"
#include "cli/policy_reading.hpp"
#include "cli/verbs.hpp"

namespace priorityd::cli {
namespace {

std::string term_text(const Term& term)
{
    std::string values;
    for (const Pattern& pattern : term.any_of)
        values += fmt::format("{}\"{}\"", values.empty() ? "" : ", ", pattern.text);
    const auto name = match_key_table()[static_cast<std::size_t>(term.key)].name;
    return term.any_of.size() == 1 ? fmt::format("{} = {}", name, values) : fmt::format("{} = [{}]", name, values);
}

/// As the rule's file could spell it on one line.
std::string condition_text(const Condition& condition)
{
    std::string text;
    for (const Term& term : condition.all_of)
        text += fmt::format("{}{}", text.empty() ? "" : ", ", term_text(term));
    for (const Condition& except : condition.except)
        text += fmt::format("{}not = {{{}}}", text.empty() ? "" : ", ", condition_text(except));
    return text;
}

std::string matches_text(const Policy& policy, const Rule& rule)
{
    const std::string_view name = policy.exact_name(rule);
    std::string text = name.empty() ? "" : fmt::format("name = \"{}\"", name);
    if (const Condition* condition = policy.condition(rule))
        text += fmt::format("{}{}", text.empty() ? "" : ", ", condition_text(*condition));
    return text.empty() ? "every process" : text;
}

std::string class_name(const Policy& policy, const Rule& rule)
{
    return rule.class_index == Rule::kNone ? "" : policy.classes()[rule.class_index].name;
}

/// Those of the rule alone, without those of its class.
const SettingMap& own_settings(const Policy& policy, const Rule& rule)
{
    static const SettingMap kNone;
    const SettingMap* settings = policy.own_settings(rule);
    return settings ? *settings : kNone;
}

std::vector<std::uint32_t> chosen_rules(const Policy& policy, const std::string& name)
{
    std::vector<std::uint32_t> chosen;
    if (!name.empty()) {
        policy.candidates({name}, chosen);
        return chosen;
    }
    chosen.resize(policy.rules().size());
    std::iota(chosen.begin(), chosen.end(), 0U);
    return chosen;
}

void print_document(const Policy& policy, const std::vector<std::uint32_t>& chosen)
{
    Json document = Json::array();
    for (const std::uint32_t index : chosen) {
        const Rule& rule = policy.rules()[index];
        document.push_back({{"source", policy.source_text(rule)},
                            {"matches", matches_text(policy, rule)},
                            {"class", class_name(policy, rule)},
                            {"settings", to_json(own_settings(policy, rule))}});
    }
    print_json(document);
}

void print_table(const Policy& policy, const std::vector<std::uint32_t>& chosen, Colour colour)
{
    Table table{{{"FROM"}, {"CLASS"}, {"SETTINGS"}, {"MATCHES"}}};
    for (const std::uint32_t index : chosen) {
        const Rule& rule = policy.rules()[index];
        const std::string name = class_name(policy, rule);
        table.add({{policy.source_text(rule), Style::dim},
                   {name.empty() ? "-" : name, Style::bold},
                   {settings_text(own_settings(policy, rule))},
                   {matches_text(policy, rule)}});
    }
    if (!table.empty())
        print(table.to_text(colour));
}

struct Options {
    std::string name;
    Paths rules;
};

ExitStatus rules(const Context& context, const Options& options)
{
    const auto policy = usable_policy(context, options.rules);
    if (!policy)
        return policy.error();
    const std::vector<std::uint32_t> chosen = chosen_rules(**policy, options.name);
    if (context.is_json())
        print_document(**policy, chosen);
    else
        print_table(**policy, chosen, context.colour);
    if (!options.name.empty() && chosen.empty())
        return fail(ExitStatus::refused, fmt::format("no rule is about a program named {}", options.name));
    return ExitStatus::done;
}

}  // namespace

Run add_rules(CLI::App& verb)
{
    const auto options = std::make_shared<Options>();
    verb.add_option("NAME", options->name, "Only rules that a process of this name may match")->type_name("");
    add_rules_option(verb, options->rules);
    verb.footer(
        "In the order of reading: a later rule that matches wins over an earlier one, setting by setting.\n"
        "SETTINGS are those of the rule alone, over those of its class (see \"priorityctl classes\").\n"
        "With NAME, rules without a name of their own are shown too: the rest of what they ask for decides.");
    return [options](const Context& context) { return rules(context, *options); };
}

}  // namespace priorityd::cli
