// SPDX-License-Identifier: GPL-3.0-or-later
#include "engines/llm/survey_lines.hpp"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace priorityd::llm {
namespace {

/// Keeps the order in which keys are added.
using Json = nlohmann::ordered_json;

std::string to_text(const Json& line)
{
    return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Throws Json::exception for anything else.
OfferedClasses classes_in(const Json& line)
{
    OfferedClasses classes;
    for (const auto& [name, meaning] : line.at("classes").get_ref<const Json::object_t&>())
        classes.push_back({.name = name, .meaning = meaning.get<std::string>()});
    return classes;
}

/// Throws Json::exception for anything else.
ToldProgram program_in(const Json& line, const OfferedClasses& classes)
{
    const auto list = [&](const char* key) { return line.value(key, std::vector<std::string>{}); };
    return {.name = line.at("name").get<std::string>(),
            .exe = line.value("exe", ""),
            .section = line.value("section", ""),
            .description = line.value("description", ""),
            .tags = list("tags"),
            .categories = list("categories"),
            .classes = classes};
}

/// Throws Json::exception for a line that is something else.
void read_line(const std::string& text, OfferedClasses& classes, std::vector<ToldProgram>& programs)
{
    const auto line = Json::parse(text);
    if (classes.empty())
        classes = classes_in(line);
    else
        programs.push_back(program_in(line, classes));
}

const char* name_of(Form form)
{
    switch (form) {
        case Form::schema: return "schema";
        case Form::json: return "json";
        case Form::plain: break;
    }
    return "plain";
}

}  // namespace

Result<std::vector<ToldProgram>> read_programs(std::istream& in)
{
    OfferedClasses classes;
    std::vector<ToldProgram> programs;
    std::string text;
    for (std::size_t number = 1; std::getline(in, text); ++number) {
        if (text.find_first_not_of(" \t\r") == std::string::npos)
            continue;
        try {
            read_line(text, classes, programs);
        } catch (const Json::exception& error) {
            return failure(0, fmt::format("line {}: {}", number, escaped(error.what())));
        }
        if (classes.empty())
            return failure(0, fmt::format("line {}: there is no class in it", number));
    }
    if (classes.empty())
        return failure(0, R"(nothing to read: expected a line {"classes": {"NAME": "MEANING"}} and a line a program)");
    return programs;
}

std::string line_of(const Judgement& judgement)
{
    if (!judgement)
        return to_text({{"error", judgement.error().doing}});
    if (!*judgement)
        return "{}";
    const auto& advice = **judgement;
    return to_text({{"class", advice.program_class}, {"confidence", advice.confidence}, {"reason", advice.because}});
}

std::string line_of(const Survey::Tally& tally, std::chrono::duration<double> took)
{
    return to_text({{"total",
                     {{"requests", tally.requests},
                      {"tokens", tally.tokens},
                      {"seconds", took.count()},
                      {"form", name_of(tally.form)}}}});
}

}  // namespace priorityd::llm
