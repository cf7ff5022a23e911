// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/model_answers.hpp"

#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/filter.hpp"
#include "cli/json.hpp"
#include "kernel/package_text.hpp"

namespace priorityd::cli {
namespace {

/// Where it is installed; in a build folder, wherever the environment says.
std::string program_path()
{
    const char* elsewhere = std::getenv("PRIORITYD_LLM");  // NOLINT(concurrency-mt-unsafe): one thread
    return elsewhere && *elsewhere != '\0' ? elsewhere : PRIORITYD_LLM_PATH;
}

std::string to_line(const Json& object)
{
    return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// What priorityd-llm(8) wants to read.
std::string question(const std::vector<ProgramToJudge>& programs, const OfferedClasses& classes)
{
    Json meanings = Json::object();
    for (const auto& one : classes)
        meanings[one.name] = one.meaning;
    auto text = to_line({{"classes", meanings}});
    for (const auto& program : programs)
        text += to_line({{"name", program.name},
                         {"exe", program.exe},
                         {"section", program.info.section},
                         {"description", program.info.description},
                         {"tags", program.info.tags},
                         {"categories", program.info.categories}});
    return text;
}

/// Throws Json::exception for what is none.
EngineAnswer read_row(const Json& row)
{
    if (row.contains("error"))
        return {.advice = std::nullopt, .refusal = row.at("error").get<std::string>()};
    if (!row.contains("class"))
        return {};
    return {.advice = Advice{.program_class = row.at("class").get<std::string>(),
                             .confidence = row.at("confidence").get<double>(),
                             .because = row.at("reason").get<std::string>()},
            .refusal = {}};
}

/// Throws Json::exception for what is none.
ModelExpense read_expense(const Json& total)
{
    return {.requests = total.at("requests").get<std::uint64_t>(),
            .tokens = total.at("tokens").get<std::uint64_t>(),
            .seconds = total.at("seconds").get<double>(),
            .form = total.at("form").get<std::string>()};
}

/// Empty when it is no answer about so many programs.
std::optional<ModelAnswers> read_answers(const std::string& output, std::size_t programs)
{
    ModelAnswers answers;
    const auto lines = kernel::parts_of(output, '\n');
    if (lines.size() != programs + 1)
        return std::nullopt;
    answers.rows.reserve(programs);
    try {
        for (std::size_t i = 0; i < programs; ++i)
            answers.rows.push_back(read_row(Json::parse(lines[i])));
        answers.expense = read_expense(Json::parse(lines.back()).at("total"));
    } catch (const Json::exception&) {
        return std::nullopt;
    }
    return answers;
}

ExitStatus cannot_start(const std::string& program, const Error& error)
{
    if (error.code != ENOENT)
        return fail(ExitStatus::refused, error.message());
    return fail(
        ExitStatus::refused,
        fmt::format("{} is not installed: it is what asks language models, and comes with the package priorityd",
                    program));
}

}  // namespace

tl::expected<ModelAnswers, ExitStatus> ask_model(const std::vector<ProgramToJudge>& programs,
                                                 const OfferedClasses& classes, const std::string& settings_file)
{
    if (programs.empty())
        return ModelAnswers{};
    const auto program = program_path();
    std::vector<std::string> command{program, "--score"};
    if (!settings_file.empty())
        command.insert(command.end(), {"--settings", settings_file});
    const auto said = run_filter(std::move(command), question(programs, classes));
    if (!said)
        return tl::unexpected{cannot_start(program, said.error())};
    if (WIFSIGNALED(said->wait_status))
        return tl::unexpected{
            fail(ExitStatus::refused, fmt::format("{} was ended by signal {}", program, WTERMSIG(said->wait_status)))};
    if (said->wait_status != 0)
        return tl::unexpected{ExitStatus::refused};  // it has said why
    auto answers = read_answers(said->output, programs.size());
    if (!answers)
        return tl::unexpected{fail(ExitStatus::refused, fmt::format("{} is of another version", program))};
    return *std::move(answers);
}

}  // namespace priorityd::cli
