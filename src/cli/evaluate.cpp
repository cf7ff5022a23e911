// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl evaluate: what scoring engines say of programs that people have labelled. No rules and no names count.
#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli/json.hpp"
#include "cli/policy_reading.hpp"
#include "cli/verbs.hpp"
#include "core/direction.hpp"
#include "core/scoring/engines.hpp"
#include "core/scoring/evaluation.hpp"
#include "kernel/package_text.hpp"

namespace priorityd::cli {
namespace {

struct Options {
    std::string file;
    std::string engine = "metadata";
    Paths rules;
};

/// A line of the file.
struct LabelledProgram {
    std::string name;
    ProgramInfo info;
    Direction label{};
};

/// A list, as one text or as texts. Throws Json::exception for anything else.
std::vector<std::string> list_at(const Json& line, const char* key, char between)
{
    const auto found = line.find(key);
    if (found != line.end() && found->is_array())
        return found->get<std::vector<std::string>>();
    return kernel::parts_of(line.value(key, ""), between);
}

/// Throws Json::exception.
tl::expected<LabelledProgram, std::string> read_program(const Json& line)
{
    const auto label = read_label(line.value("direction", ""));
    if (!label)
        return tl::unexpected<std::string>{R"("direction": expected "raised", "neutral" or "lowered")"};
    return LabelledProgram{.name = line.value("name", ""),
                           .info = {.section = line.value("package_section", ""),
                                    .description = line.value("package_description", ""),
                                    .tags = list_at(line, "package_tags", ','),
                                    .categories = list_at(line, "desktop_categories", ';')},
                           .label = *label};
}

tl::expected<LabelledProgram, std::string> read_line(const std::string& text)
{
    try {
        return read_program(Json::parse(text));
    } catch (const Json::exception& error) {
        return tl::unexpected<std::string>{error.what()};
    }
}

/// Empty when a line is wrong, which has been printed with its place.
std::optional<std::vector<LabelledProgram>> read_lines(std::istream& in, const std::string& file)
{
    std::vector<LabelledProgram> programs;
    bool is_right = true;
    std::string text;
    for (std::size_t number = 1; std::getline(in, text); ++number) {
        if (text.find_first_not_of(" \t\r") == std::string::npos)
            continue;
        auto program = read_line(text);
        if (program) {
            programs.push_back(*std::move(program));
        } else {
            fail(ExitStatus::refused, fmt::format("{}:{}: {}", file, number, program.error()));
            is_right = false;
        }
    }
    return is_right ? std::optional{std::move(programs)} : std::nullopt;
}

/// What it would mean for the program; nothing where the engine is not sure, or names a class that is not there.
std::optional<Direction> meaning_of(const std::optional<Advice>& advice, const Policy& policy)
{
    const auto* its = advice ? policy.find_class(advice->program_class) : nullptr;
    if (!its || advice->confidence < policy.settings().scoring.threshold)
        return std::nullopt;
    return direction_of(its->settings);
}

std::string said_text(std::optional<Direction> said)
{
    return said ? std::string{label_text(*said)} : "nothing";
}

std::string known_engines()
{
    std::vector<std::string_view> names;
    for (const ScoringEngine& engine : scoring_engines()) {
        if (engine.advise)
            names.push_back(engine.name);
    }
    return fmt::format("of those that judge programs there is {}", fmt::join(names, ", "));
}

constexpr std::array kLabels{Direction::raised, Direction::sideways, Direction::lowered};
constexpr std::array<std::optional<Direction>, 4> kSayings{Direction::raised, Direction::sideways, Direction::lowered,
                                                           std::nullopt};

void print_document(const Options& options, const Evaluation& result, const Json& mistakes)
{
    Json table;
    for (const Direction label : kLabels) {
        for (const auto& said : kSayings)
            table[std::string{label_text(label)}][said_text(said)] = result.count(label, said);
    }
    print_json({{"engine", options.engine},
                {"programs", result.programs()},
                {"coverage", result.coverage()},
                {"agreement", result.agreement()},
                {"harmful", result.harmful()},
                {"confusion", table},
                {"disagreements", mistakes}});
}

void print_text(const Evaluation& result, const Json& mistakes, Colour colour)
{
    print(fmt::format("{}: coverage {:.1f} %, agreement {:.1f} % of those, harmful {:.1f} %\n\n",
                      counted(result.programs(), "program"), 100 * result.coverage(), 100 * result.agreement(),
                      100 * result.harmful()));
    using enum Table::Align;
    Table table{{{"LABEL \\ ENGINE"}, {"RAISED", right}, {"NEUTRAL", right}, {"LOWERED", right}, {"NOTHING", right}}};
    for (const Direction label : kLabels) {
        std::vector<Cell> row{{std::string{label_text(label)}, Style::bold}};
        for (const auto& said : kSayings)
            row.push_back({std::to_string(result.count(label, said))});
        table.add(std::move(row));
    }
    print(table.to_text(colour));
    if (mistakes.empty())
        return;
    Table list{{{"PROGRAM"}, {"LABEL"}, {"ENGINE"}, {"CLASS"}, {"CONFIDENCE"}, {"BECAUSE"}}};
    for (const Json& one : mistakes) {
        const auto text = [&](const char* key) { return one.at(key).get<std::string>(); };
        list.add({{text("name"), Style::bold},
                  {text("label")},
                  {text("said")},
                  {text("class")},
                  {fmt::format("{:.2f}", one.at("confidence").get<double>())},
                  {text("because")}});
    }
    print("\n" + list.to_text(colour));
}

ExitStatus evaluate(const Context& context, const Options& options)
{
    const auto* engine = find_scoring_engine(options.engine);
    if (!engine || !engine->advise)
        return fail(ExitStatus::usage, fmt::format("--engine {}: {}", options.engine, known_engines()));
    std::ifstream in{options.file};
    if (!in)
        return fail(ExitStatus::refused, fmt::format("{} cannot be read", options.file));
    const auto programs = read_lines(in, options.file);
    if (!programs)
        return ExitStatus::refused;
    const auto policy = usable_policy(context, options.rules);
    if (!policy)
        return policy.error();
    Evaluation result;
    Json mistakes = Json::array();
    for (const auto& program : *programs) {
        const auto advice = engine->advise(program.info);
        const auto said = meaning_of(advice, **policy);
        result.add(program.label, said);
        if (said && *said != program.label)
            mistakes.push_back({{"name", program.name},
                                {"label", label_text(program.label)},
                                {"said", label_text(*said)},
                                {"class", advice->program_class},
                                {"confidence", advice->confidence},
                                {"because", advice->because}});
    }
    if (context.is_json())
        print_document(options, result, mistakes);
    else
        print_text(result, mistakes, context.colour);
    return ExitStatus::done;
}

}  // namespace

Run add_evaluate(CLI::App& verb)
{
    const auto options = std::make_shared<Options>();
    verb.add_option("FILE", options->file, "Programs, a JSON object a line")->required();
    verb.add_option("--engine", options->engine, "The engine to ask")->type_name("ENGINE")->capture_default_str();
    add_rules_option(verb, options->rules);
    verb.footer(
        "Keys of a line: direction (\"raised\", \"neutral\" or \"lowered\"), name, package_section, "
        "package_description,\n"
        "package_tags, desktop_categories; others are passed over. Which classes raise and lower is in the rules.");
    return [options](const Context& context) { return evaluate(context, *options); };
}

}  // namespace priorityd::cli
