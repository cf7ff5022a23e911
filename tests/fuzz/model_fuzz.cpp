// SPDX-License-Identifier: GPL-3.0-or-later
/// Fuzz target: what a language model is asked and answers. Whatever a program is called, it is a value in the
/// question; whatever the answer is, what counts of it is within bounds; and no secret is told of a process.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/scoring/redaction.hpp"
#include "engines/llm/prompt.hpp"
#include "fuzz/expect.hpp"

using namespace priorityd;

namespace {

const OfferedClasses kClasses{{"batch", ""}, {"game", "played"}};
constexpr std::size_t kPrograms = 3;

void check_answer(std::string_view body)
{
    expect(llm::tokens_in(body) >= 0);
    const auto rows = llm::read_answer(body, kPrograms, kClasses);
    if (!rows) {
        expect(rows.error().code == EBADMSG || rows.error().code == EMSGSIZE);
        return;
    }
    expect(rows->size() == kPrograms);
    for (const auto& row : *rows) {
        if (!row || !*row)
            continue;
        const Advice& advice = **row;
        expect(std::ranges::count(kClasses, advice.program_class, &OfferedClass::name) == 1);
        expect(advice.confidence > 0 && advice.confidence <= 1);
        expect(advice.because.size() <= kLongestReason && is_shown_safely(advice.because));
    }
}

/// An answer in form, with these bytes as what the model says.
void check_saying(std::string_view text)
{
    const nlohmann::json body{{"choices", {{{"message", {{"content", text}}}, {"finish_reason", "stop"}}}}};
    check_answer(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void check_question(const std::vector<std::string>& texts)
{
    std::vector<ToldProgram> programs;
    for (const auto& text : texts)
        programs.push_back({.identity = text,
                            .name = text,
                            .exe = text,
                            .section = text,
                            .description = text,
                            .tags = texts,
                            .categories = texts,
                            .unit = text,
                            .arguments = texts,
                            .behaviour = text,
                            .classes = kClasses});
    const auto request = nlohmann::json::parse(llm::make_request("model", programs, llm::Form::schema));
    expect(request.at("messages").size() == 2);
    const auto question = nlohmann::json::parse(request["messages"][1].at("content").get<std::string>());
    expect(question.size() == 2 && question.at("classes").size() == kClasses.size());
    expect(question.at("programs").size() == programs.size());
    for (const auto& program : question["programs"])
        expect(is_shown_safely(program.at("name").get<std::string>()));
}

void check_redaction(std::vector<std::string> argv)
{
    const UserNames users{"anna"};
    for (const auto& told : redacted_arguments(argv, users)) {
        expect(told.size() <= 100 && told != "anna");
        expect(told.find("/home/") == std::string::npos && told.find('@') == std::string::npos);
    }
    for (const auto& path : argv) {
        expect(redacted_path("/home/anna/" + path, users).find("/home/anna") == std::string::npos);
        expect(redacted_unit("/system.slice/a-anna-" + path + ".service", users).find("-anna-") == std::string::npos);
    }
}

std::vector<std::string> lines_of(std::string_view text)
{
    constexpr std::size_t kMost = 32;
    std::vector<std::string> lines;
    while (!text.empty() && lines.size() < kMost) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    // The first byte chooses what the rest is.
    if (size == 0)
        return 0;
    const std::string_view text{reinterpret_cast<const char*>(bytes) + 1, size - 1};
    const auto lines = lines_of(text);
    switch (bytes[0]) {
        case 'b': check_answer(text); break;
        case 's': check_saying(text); break;
        case 'r': check_redaction(lines); break;
        default:
            if (!lines.empty())
                check_question(lines);
            break;
    }
    return 0;
}
