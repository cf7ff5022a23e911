// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl suggestions: what programs have turned out to be, or are said to be, and would like to be rules.
#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/readable.hpp"
#include "cli/json.hpp"
#include "cli/password_agent.hpp"
#include "cli/show.hpp"
#include "cli/verbs.hpp"

namespace priorityd::cli {
namespace {

/// Without a word, they are listed.
struct Options {
    std::string action;
    std::vector<std::string> ids;
};

/// What has been done with one.
struct Answered {
    std::string id;
    std::string path;  ///< Of an accepted one: the file that has the rule.
};

/// How the program's behaviour agrees.
std::string behaviour_text(const SuggestionView& one)
{
    return one.starts == 0 ? "-" : fmt::format("{} of {}", one.agreeing, one.starts);
}

void print_table(const std::vector<SuggestionView>& suggestions, Colour colour)
{
    using enum Table::Align;
    Table table{{{"ID", right},
                 {"PROGRAM"},
                 {"CLASS"},
                 {"ENGINE"},
                 {"CONFIDENCE", right},
                 {"SEEN", right},
                 {"BEHAVIOUR"},
                 {"BECAUSE"}}};
    for (const SuggestionView& one : suggestions)
        table.add({{one.id},
                   {one.exe.empty() ? one.name : one.exe, Style::bold},
                   {one.program_class},
                   {one.engine},
                   {fmt::format("{:.2f}", one.confidence)},
                   {std::to_string(one.seen)},
                   {behaviour_text(one)},
                   {one.because, Style::dim}});
    if (!table.empty())
        print(table.to_text(colour));
}

void print_document(const std::vector<SuggestionView>& suggestions)
{
    Json document = Json::array();
    for (const SuggestionView& one : suggestions)
        document.push_back(to_json(one));
    print_json(document);
}

ExitStatus list(const Context& context)
{
    return show(
        context, [](bus::ManagerClient& client) { return client.suggestions(); }, print_document, print_table);
}

bus::ClientResult<Answered> answer(bus::ManagerClient& client, const std::string& id, bool is_accepted)
{
    if (is_accepted)
        return client.accept_suggestion(id).map([&](std::string path) { return Answered{id, std::move(path)}; });
    return client.reject_suggestion(id).map([&] { return Answered{id, {}}; });
}

void print_accepted(const Context& context, const std::vector<Answered>& accepted)
{
    if (!context.is_json()) {
        for (const Answered& one : accepted)
            print(fmt::format("accepted {}: a rule in {}\n", bus::readable(one.id), bus::readable(one.path)));
        return;
    }
    Json rows = Json::array();
    for (const Answered& one : accepted)
        rows.push_back({{"id", one.id}, {"path", one.path}});
    print_json({{"accepted", rows}});
}

void print_rejected(const Context& context, const std::vector<Answered>& rejected)
{
    if (!context.is_json()) {
        for (const Answered& one : rejected)
            print(fmt::format("rejected {}\n", bus::readable(one.id)));
        return;
    }
    Json ids = Json::array();
    for (const Answered& one : rejected)
        ids.push_back(one.id);
    print_json({{"rejected", ids}});
}

/// One that may not be answered does not keep the others.
ExitStatus answer_all(const Context& context, const Options& options)
{
    const bool is_accepted = options.action == "accept";
    auto client = connect(context);
    if (!client)
        return client.error();
    std::vector<Answered> answered;
    std::optional<bus::ClientError> first_error;
    {
        const PasswordAgent agent{context};
        for (const auto& id : std::set<std::string>{options.ids.begin(), options.ids.end()}) {
            auto done = answer(*client, id, is_accepted);
            if (done)
                answered.push_back(*std::move(done));
            else if (!first_error)
                first_error = done.error();
        }
    }
    is_accepted ? print_accepted(context, answered) : print_rejected(context, answered);
    return first_error ? fail(*first_error) : ExitStatus::done;
}

ExitStatus suggestions(const Context& context, const Options& options)
{
    if (options.action.empty())
        return list(context);
    if (options.ids.empty())
        return fail(ExitStatus::usage,
                    fmt::format("{} which? \"priorityctl suggestions\" has the ids", options.action));
    return answer_all(context, options);
}

}  // namespace

Run add_suggestions(CLI::App& verb)
{
    const auto options = std::make_shared<Options>();
    verb.add_option("ACTION", options->action, "What to do with them: accept or reject")
        ->type_name("")
        ->check(CLI::IsMember({"accept", "reject"}));
    verb.add_option("ID", options->ids, "Which, as they are listed without a word")->type_name("");
    verb.footer(
        "Programs that no rule gives a class, and that have turned out to be the same for some starts, or of which an\n"
        "engine outside is sure. BEHAVIOUR: in how many starts the program has behaved like that.\n"
        "accept writes a rule into 80-accepted.toml, in the last folder of rules, which counts at once. What was\n"
        "rejected is not suggested again. Both are for administrators.");
    return [options](const Context& context) { return suggestions(context, *options); };
}

}  // namespace priorityd::cli
