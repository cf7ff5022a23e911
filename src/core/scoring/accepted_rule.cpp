// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/accepted_rule.hpp"

#include <fmt/format.h>

#include "core/glob.hpp"
#include "core/names.hpp"
#include "core/scoring/engines.hpp"
#include "core/text.hpp"

namespace priorityd {
namespace {

constexpr std::string_view kHead =
    "# Suggestions of priorityd that were accepted: what programs have turned out to be. \"priorityctl suggestions "
    "accept\"\n"
    "# adds to the end of this file; change it as you like.\n";

std::string date_text(std::chrono::sys_seconds today)
{
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(today)};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()));
}

std::string_view without_stop(std::string_view sentence)
{
    return sentence.ends_with('.') ? sentence.substr(0, sentence.size() - 1) : sentence;
}

std::string behaviour_text(std::uint32_t starts, std::uint32_t agreeing)
{
    return starts == 0 ? "its behaviour has told nothing yet"
                       : fmt::format("its behaviour agreed in {} of {}", agreeing, starts);
}

/// For who reads the file later. What a program does here is its own evidence.
std::string evidence_text(const Suggestion& suggestion)
{
    if (suggestion.engine == kBehaviourEngine)
        return {};
    return fmt::format("# Confidence {:.2f}; {} starts seen; {}.\n", suggestion.confidence, suggestion.seen,
                       behaviour_text(suggestion.starts, suggestion.agreeing));
}

}  // namespace

Result<std::string> with_accepted_rule(std::string_view text, const Suggestion& suggestion,
                                       std::chrono::sys_seconds today)
{
    if (!is_utf8(suggestion.exe) || !is_utf8(suggestion.program_class))
        return failure(EILSEQ, fmt::format("write a rule for {}", escaped(suggestion.exe)));
    std::string result{text.empty() ? kHead : text};
    if (!result.ends_with('\n'))
        result += '\n';
    // The name leads to the rule by the index; the path alone would have it looked at for every program.
    result += fmt::format("\n# Suggestion {} of {}, accepted on {}: {}.\n{}[[rule]]\nname = {}\nexe = {}\nclass = {}\n",
                          suggestion.id, escaped(suggestion.engine), date_text(today),
                          escaped(without_stop(suggestion.because)), evidence_text(suggestion),
                          toml_string(glob_escaped(base_name(suggestion.exe))),
                          toml_string(glob_escaped(suggestion.exe)), toml_string(suggestion.program_class));
    return result;
}

}  // namespace priorityd
