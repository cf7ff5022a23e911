// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/complete.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/candidates.hpp"
#include "cli/model_answers.hpp"
#include "core/scoring/engines.hpp"
#include "core/setting.hpp"

namespace priorityd::cli {
namespace {

/// Long enough for a busy machine, short enough for a person who has pressed TAB.
constexpr unsigned kPatienceSeconds = 2;

void offer_buses(const Context& /*context*/, const Answer& answer)
{
    answer.offer("system", "the system bus");
    answer.offer("session", "the bus of this login");
    answer.offer("unix:path=", "the bus at this socket");
}

void offer_formats(const Context& /*context*/, const Answer& answer)
{
    answer.offer("ananicy", "ananicy, ananicy-cpp, ananicy-rs");
}

void offer_uses(const Context& /*context*/, const Answer& answer)
{
    for (const char* word : {"gpu", "audio", "tty"})
        answer.offer(word);
}

void offer_engines(const Context& /*context*/, const Answer& answer)
{
    for (const ScoringEngine& engine : scoring_engines()) {
        if (engine.advise)  // for evaluate
            answer.offer(engine.name);
    }
    answer.offer(kModelEngine);
}

void offer_suggestion_actions(const Context& /*context*/, const Answer& answer)
{
    answer.offer("accept", "make it a rule");
    answer.offer("reject", "do not suggest it again");
}

void offer_engine_actions(const Context& /*context*/, const Answer& answer)
{
    answer.offer("forget", "forget what was learned of programs");
}

template <Answer::Own kKind>
void offer_own(const Context& /*context*/, const Answer& /*answer*/)
{
    Answer::offer(kKind);
}

/// What values there are for an option or an argument; both are named as in the verb's file.
struct Values {
    std::string_view of;
    void (*offer)(const Context&, const Answer&);
    std::string_view verb;  ///< Of this verb alone; empty for all.
};
constexpr Values kValues[] = {
    {"bus", offer_buses, {}},
    {"class", offer_classes, {}},
    {"source", offer_sources, {}},
    {"user", offer_own<Answer::Own::users>, {}},
    {"group", offer_own<Answer::Own::groups>, {}},
    {"rules", offer_own<Answer::Own::files>, {}},
    {"exe", offer_own<Answer::Own::files>, {}},
    {"name", offer_rule_names, {}},
    {"parent", offer_rule_names, {}},
    {"ancestor", offer_rule_names, {}},
    {"uses", offer_uses, {}},
    {"NAME", offer_rule_names, "rules"},
    {"FORMAT", offer_formats, "import"},
    {"DIR", offer_own<Answer::Own::folders>, "import"},
    {"output", offer_own<Answer::Own::files>, "import"},
    {"FILE", offer_own<Answer::Own::files>, "evaluate"},
    {"engine", offer_engines, {}},
    {"engine-settings", offer_own<Answer::Own::files>, {}},
    {"PLACE", offer_own<Answer::Own::files>, "check"},
    {"DIR", offer_own<Answer::Own::folders>, "user-rules"},
    {"TARGET", offer_processes, "explain"},
    {"TARGET", offer_targets, "set"},
    {"ID|TARGET", offer_overrides, "unset"},
    {"ACTION", offer_suggestion_actions, "suggestions"},
    {"ID", offer_suggestions, "suggestions"},
    {"ACTION", offer_engine_actions, "engines"},
    {"PROFILE", offer_profiles, "profile"},
};

/// The words in what a setting expects: `"batch"` as it is, `"fifo/1-99"` up to where a number has to be put in.
void offer_setting_words(std::string_view expects, const Answer& answer)
{
    for (auto begin = expects.find('"'); begin != std::string_view::npos; begin = expects.find('"', begin)) {
        const auto end = expects.find('"', begin + 1);
        if (end == std::string_view::npos)
            return;
        std::string_view word = expects.substr(begin + 1, end - begin - 1);
        const auto gap = word.find_first_of("/:");
        if (gap != std::string_view::npos && word.substr(gap + 1).find_first_of("0123456789N") == 0)
            word = word.substr(0, gap + 1);
        if (word.find_first_of("0123456789") != 0)  // "0-3,8" and "100us" are examples
            answer.offer(word);
        begin = end + 1;
    }
}

/// What stands in front of the word under the cursor.
struct Line {
    const CLI::App& app;
    const CLI::App* verb = nullptr;
    const CLI::Option* waiting = nullptr;  ///< For its value.
    std::vector<const CLI::Option*> given;
    int arguments = 0;               ///< Of the verb; without one, what is no verb.
    bool has_options_behind = true;  ///< False behind "--".
    Context context;

    [[nodiscard]] const CLI::Option* find_option(const std::string& name) const;
    void take(const std::string& word);
    void take_option(const std::string& word);
    void take_value(const CLI::Option& option, const std::string& value);
};

/// Null when there is no such verb.
const CLI::App* find_verb(const CLI::App& app, const std::string& name)
{
    const auto found = app.get_subcommands([&](const CLI::App* verb) { return verb->get_name() == name; });
    return found.empty() ? nullptr : found.front();
}

bool takes_value(const CLI::Option& option)
{
    return option.get_items_expected_max() > 0;
}

bool is_option(std::string_view word)
{
    return word.size() > 1 && word.starts_with('-');
}

const CLI::Option* Line::find_option(const std::string& name) const
{
    const CLI::Option* found = verb ? verb->get_option_no_throw(name) : nullptr;
    return found ? found : app.get_option_no_throw(name);
}

void Line::take_value(const CLI::Option& option, const std::string& value)
{
    if (option.get_single_name() == "bus")
        context.bus = value;
}

void Line::take_option(const std::string& word)
{
    const auto equals = word.find('=');
    const CLI::Option* option = find_option(word.substr(0, equals));
    if (!option)
        return;
    given.push_back(option);
    if (equals != std::string::npos)
        take_value(*option, word.substr(equals + 1));
    else if (takes_value(*option))
        waiting = option;
}

void Line::take(const std::string& word)
{
    if (waiting)
        take_value(*std::exchange(waiting, nullptr), word);
    else if (word == "--")
        has_options_behind = false;
    else if (has_options_behind && is_option(word))
        take_option(word);
    else if (verb || arguments > 0 || !(verb = find_verb(app, word)))
        ++arguments;
}

/// The argument that comes next; null when there are enough of them.
const CLI::Option* next_argument(const Line& line)
{
    int behind = line.arguments;
    for (const CLI::Option* option : line.verb->get_options()) {
        if (!option->get_positional())
            continue;
        behind -= option->get_items_expected_max();
        if (behind < 0)
            return option;
    }
    return nullptr;
}

void offer_values(const Line& line, const CLI::Option& option, const Answer& answer)
{
    const std::string& name = option.get_single_name();
    const std::string verb = line.verb ? line.verb->get_name() : "";
    const auto* found = std::ranges::find_if(
        kValues, [&](const Values& row) { return row.of == name && (row.verb.empty() || row.verb == verb); });
    if (found != std::end(kValues))
        return found->offer(line.context, answer);
    std::string as_in_rules = name;
    std::ranges::replace(as_in_rules, '-', '_');
    if (const SettingInfo* setting = find_setting(as_in_rules))
        offer_setting_words(setting->expects, answer);
}

/// Whether the option cannot be given any more.
bool is_used_up(const Line& line, const CLI::Option* option)
{
    const auto rules_it_out = [&](const CLI::Option* given) {
        const bool is_repeatable = given->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
        const auto excluded = given->get_excludes();
        return (given == option && !is_repeatable) || std::ranges::find(excluded, option) != excluded.end();
    };
    return std::ranges::any_of(line.given, rules_it_out);
}

void offer_options(const Line& line, const Answer& answer)
{
    std::vector<std::string> offered;
    for (const CLI::App* app : {line.verb, &line.app}) {
        for (const CLI::Option* option : app ? app->get_options() : std::vector<const CLI::Option*>{}) {
            if (option->get_lnames().empty() || is_used_up(line, option))
                continue;
            const std::string word = "--" + option->get_lnames().front();
            if (std::ranges::find(offered, word) == offered.end())
                answer.offer_option(word, option->get_description());
            offered.push_back(word);
        }
    }
}

void offer_verbs(const CLI::App& app, const Answer& answer)
{
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
        answer.offer(verb->get_name(), verb->get_description());
}

/// `word`: such as "--class=b".
void offer_values_behind_equals(const Line& line, const std::string& word)
{
    const auto value = word.find('=') + 1;
    if (const CLI::Option* option = line.find_option(word.substr(0, value - 1)))
        offer_values(line, *option, {word.substr(0, value), word.substr(value)});
}

void offer_what_fits(const Line& line, const std::string& word)
{
    const Answer answer{"", word};
    const bool begins_option = line.has_options_behind && word.starts_with('-');
    const CLI::Option* argument = line.verb ? next_argument(line) : nullptr;
    if (line.waiting)
        offer_values(line, *line.waiting, answer);
    else if (begins_option && word.find('=') != std::string::npos)
        offer_values_behind_equals(line, word);
    else if (!begins_option && argument)
        offer_values(line, *argument, answer);
    else if (!begins_option && !line.verb && line.arguments > 0)
        return;  // what stands there is no verb
    else if (!begins_option && !line.verb)
        offer_verbs(line.app, answer);
    else
        offer_options(line, answer);
}

/// Whoever asks wants words and nothing else.
void be_silent_and_quick()
{
    [[maybe_unused]] const auto* nowhere = std::freopen("/dev/null", "w", stderr);
    std::signal(SIGALRM, [](int) { ::_exit(0); });
    ::alarm(kPatienceSeconds);
}

}  // namespace

ExitStatus complete(const CLI::App& app, const std::vector<std::string>& words)
{
    be_silent_and_quick();
    Line line{.app = app};
    const CLI::Option* bus = line.find_option("--bus");
    if (const char* named = std::getenv(bus->get_envname().c_str()); named && *named != '\0')
        line.take_value(*bus, named);
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
        line.take(words[i]);
    offer_what_fits(line, words.empty() ? "" : words.back());
    return ExitStatus::done;
}

}  // namespace priorityd::cli
