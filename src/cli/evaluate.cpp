// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl evaluate: what scoring engines say of programs that people have labelled. No rules and no names count.
#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli/json.hpp"
#include "cli/model_answers.hpp"
#include "cli/policy_reading.hpp"
#include "cli/verbs.hpp"
#include "core/direction.hpp"
#include "core/scoring/engines.hpp"
#include "core/scoring/evaluation.hpp"
#include "core/scoring/score.hpp"
#include "kernel/package_text.hpp"

namespace priorityd::cli {
namespace {

struct Options {
    std::string file;
    std::string engine{kMetadataEngine};
    std::string engine_settings;
    Paths rules;
};

/// A line of the file.
struct LabelledProgram {
    ProgramToJudge program;
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
    return LabelledProgram{.program = {.name = line.value("name", ""),
                                       .exe = line.value("exe", ""),
                                       .info = {.section = line.value("package_section", ""),
                                                .description = line.value("package_description", ""),
                                                .tags = list_at(line, "package_tags", ','),
                                                .categories = list_at(line, "desktop_categories", ';')}},
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
    std::vector<std::string_view> names{kModelEngine};
    for (const ScoringEngine& engine : scoring_engines()) {
        if (engine.advise)
            names.push_back(engine.name);
    }
    return fmt::format("those that judge programs are {}", fmt::join(names, ", "));
}

constexpr std::array kLabels{Direction::raised, Direction::sideways, Direction::lowered};
constexpr std::array<std::optional<Direction>, 4> kSayings{Direction::raised, Direction::sideways, Direction::lowered,
                                                           std::nullopt};

/// What the engine says of all of them; what that took where a model was asked. An error has been printed.
struct Answers {
    std::vector<EngineAnswer> rows;  ///< As many as programs, in order.
    std::optional<ModelExpense> expense;
};

tl::expected<Answers, ExitStatus> ask(const Options& options, const std::vector<LabelledProgram>& programs,
                                      const Policy& policy)
{
    Answers answers;
    if (const auto* engine = find_scoring_engine(options.engine)) {
        std::ranges::transform(programs, std::back_inserter(answers.rows), [&](const LabelledProgram& one) {
            return EngineAnswer{.advice = engine->advise(one.program.info), .refusal = {}};
        });
        return answers;
    }
    std::vector<ProgramToJudge> unlabelled;
    std::ranges::transform(programs, std::back_inserter(unlabelled), &LabelledProgram::program);
    auto said = ask_model(unlabelled, classes_for_engines(policy), options.engine_settings);
    if (!said)
        return tl::unexpected{said.error()};
    return Answers{.rows = std::move(said->rows), .expense = std::move(said->expense)};
}

/// What comes of it.
struct Report {
    Evaluation counts;
    Json mistakes = Json::array();    ///< Of the engine: an object each.
    Json unanswered = Json::array();  ///< An object each.
    std::optional<ModelExpense> expense;
};

Report make_report(const std::vector<LabelledProgram>& programs, const Answers& answers, const Policy& policy)
{
    Report report{.counts = {}, .expense = answers.expense};
    for (std::size_t i = 0; i < programs.size(); ++i) {
        const auto& [program, label] = programs[i];
        const auto& [advice, refusal] = answers.rows[i];
        const auto said = meaning_of(advice, policy);
        report.counts.add(label, said);
        if (!refusal.empty())
            report.unanswered.push_back({{"name", program.name}, {"because", refusal}});
        if (said && *said != label)
            report.mistakes.push_back({{"name", program.name},
                                       {"label", label_text(label)},
                                       {"said", label_text(*said)},
                                       {"class", advice->program_class},
                                       {"confidence", advice->confidence},
                                       {"because", advice->because}});
    }
    return report;
}

void print_document(const Options& options, const Report& report)
{
    const auto& counts = report.counts;
    Json table;
    for (const Direction label : kLabels) {
        for (const auto& said : kSayings)
            table[std::string{label_text(label)}][said_text(said)] = counts.count(label, said);
    }
    Json document{{"engine", options.engine},        {"programs", counts.programs()}, {"coverage", counts.coverage()},
                  {"agreement", counts.agreement()}, {"harmful", counts.harmful()},   {"confusion", table},
                  {"disagreements", report.mistakes}};
    if (report.expense) {
        document["unanswered"] = report.unanswered;
        document["requests"] = report.expense->requests;
        document["tokens"] = report.expense->tokens;
        document["seconds"] = report.expense->seconds;
        document["form"] = report.expense->form;
    }
    print_json(document);
}

void print_expense(const Report& report)
{
    const auto& [requests, tokens, seconds, form] = *report.expense;
    print(fmt::format("{} without an answer that counts; {} of form {}, {}, {:.2f} s a program\n",
                      counted(report.unanswered.size(), "program"), counted(requests, "request"), form,
                      counted(tokens, "token"),
                      seconds / static_cast<double>(std::max<std::size_t>(report.counts.programs(), 1))));
}

void print_confusion(const Evaluation& counts, Colour colour)
{
    using enum Table::Align;
    Table table{{{"LABEL \\ ENGINE"}, {"RAISED", right}, {"NEUTRAL", right}, {"LOWERED", right}, {"NOTHING", right}}};
    for (const Direction label : kLabels) {
        std::vector<Cell> row{{std::string{label_text(label)}, Style::bold}};
        for (const auto& said : kSayings)
            row.push_back({std::to_string(counts.count(label, said))});
        table.add(std::move(row));
    }
    print("\n" + table.to_text(colour));
}

void print_mistakes(const Json& mistakes, Colour colour)
{
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
    if (!list.empty())
        print("\n" + list.to_text(colour));
}

void print_unanswered(const Json& unanswered, Colour colour)
{
    Table list{{{"WITHOUT AN ANSWER"}, {"BECAUSE"}}};
    for (const Json& one : unanswered)
        list.add({{one.at("name").get<std::string>(), Style::bold}, {one.at("because").get<std::string>()}});
    if (!list.empty())
        print("\n" + list.to_text(colour));
}

void print_text(const Report& report, Colour colour)
{
    const auto& counts = report.counts;
    print(fmt::format("{}: coverage {:.1f} %, agreement {:.1f} % of those, harmful {:.1f} %\n",
                      counted(counts.programs(), "program"), 100 * counts.coverage(), 100 * counts.agreement(),
                      100 * counts.harmful()));
    if (report.expense)
        print_expense(report);
    print_confusion(counts, colour);
    print_mistakes(report.mistakes, colour);
    print_unanswered(report.unanswered, colour);
}

/// Empty where there is such an engine, and its options fit.
std::string usage_mistake(const Options& options)
{
    if (options.engine == kModelEngine)
        return {};
    const auto* engine = find_scoring_engine(options.engine);
    if (!engine || !engine->advise)
        return fmt::format("--engine {}: {}", options.engine, known_engines());
    return options.engine_settings.empty() ? "" : fmt::format("--engine-settings is for --engine {}", kModelEngine);
}

ExitStatus evaluate(const Context& context, const Options& options)
{
    if (const auto mistake = usage_mistake(options); !mistake.empty())
        return fail(ExitStatus::usage, mistake);
    std::ifstream in{options.file};
    if (!in)
        return fail(ExitStatus::refused, fmt::format("{} cannot be read", options.file));
    const auto programs = read_lines(in, options.file);
    if (!programs)
        return ExitStatus::refused;
    const auto policy = usable_policy(context, options.rules);
    if (!policy)
        return policy.error();
    const auto answers = ask(options, *programs, **policy);
    if (!answers)
        return answers.error();
    const auto report = make_report(*programs, *answers, **policy);
    if (context.is_json())
        print_document(options, report);
    else
        print_text(report, context.colour);
    return ExitStatus::done;
}

}  // namespace

Run add_evaluate(CLI::App& verb)
{
    const auto options = std::make_shared<Options>();
    verb.add_option("FILE", options->file, "Programs, a JSON object a line")->required();
    verb.add_option("--engine", options->engine, "The engine to ask")->type_name("ENGINE")->capture_default_str();
    verb.add_option("--engine-settings", options->engine_settings, "Which model llm asks; as /etc/priorityd/llm.toml")
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
    add_rules_option(verb, options->rules);
    verb.footer(
        "Keys of a line: direction (\"raised\", \"neutral\" or \"lowered\"), name, exe, package_section, "
        "package_description,\n"
        "package_tags, desktop_categories; others are passed over. Which classes raise and lower is in the rules.");
    return [options](const Context& context) { return evaluate(context, *options); };
}

}  // namespace priorityd::cli
