// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl explain: who decided what for a process, and what it has now.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/readable.hpp"
#include "cli/explanation.hpp"
#include "cli/json.hpp"
#include "cli/target.hpp"
#include "cli/verbs.hpp"
#include "kernel/accounts.hpp"

namespace priorityd::cli {
namespace {

std::string head_text(const ProcessView& process, Colour colour)
{
    return fmt::format("{} (pid {}, user {}{}{})\n", styled(bus::readable(process.name), Style::bold, colour),
                       raw(process.key.pid), kernel::user_name(process.uid), process.exe.empty() ? "" : ", ",
                       bus::readable(process.exe));
}

void print_text(const Explanation& explanation, Colour colour)
{
    print(head_text(explanation.process, colour));
    print(contributions_text(explanation, colour));
    print(fmt::format("has now: {}\n", settings_text(explanation.process.actual)));
    print(shares_text(explanation, colour));
}

ExitStatus explain_pid(const Context& context, bus::ManagerClient& client, std::string_view text)
{
    const auto pid = parse_pid(text);
    if (!pid)
        return fail(ExitStatus::refused, fmt::format("no process has the number {}", text));
    const auto explanation = client.explanation(*pid);
    if (!explanation)
        return fail(explanation.error());
    if (context.is_json())
        print_json(to_json(*explanation));
    else
        print_text(*explanation, context.colour);
    return ExitStatus::done;
}

/// Those that end meanwhile are left out.
bus::ClientResult<std::vector<Explanation>> explanations_of(bus::ManagerClient& client, const std::string& name)
{
    const auto processes = client.processes({.class_name = {}, .source = {}, .name = name, .uid = {}});
    if (!processes)
        return tl::unexpected{processes.error()};
    std::vector<Explanation> result;
    for (const ProcessView& process : *processes) {
        auto explanation = client.explanation(process.key.pid);
        if (explanation)
            result.push_back(*std::move(explanation));
        else if (explanation.error().kind != bus::ClientError::Kind::no_such_process)
            return tl::unexpected{explanation.error()};
    }
    return result;
}

void print_all(const Context& context, const std::vector<Explanation>& explanations)
{
    if (context.is_json()) {
        Json document = Json::array();
        for (const Explanation& explanation : explanations)
            document.push_back(to_json(explanation));
        print_json(document);
        return;
    }
    for (const Explanation& explanation : explanations) {
        if (&explanation != &explanations.front())
            print("\n");
        print_text(explanation, context.colour);
    }
}

ExitStatus explain_name(const Context& context, bus::ManagerClient& client, const std::string& name)
{
    const auto explanations = explanations_of(client, name);
    if (!explanations)
        return fail(explanations.error());
    if (explanations->empty())
        return fail(
            ExitStatus::refused,
            fmt::format("nothing was decided for a process named {}: give its pid, or see \"priorityctl list\"", name));
    print_all(context, *explanations);
    return ExitStatus::done;
}

}  // namespace

Run add_explain(CLI::App& verb)
{
    const auto target = std::make_shared<std::string>();
    verb.add_option("TARGET", *target, "A process id, or a name (or glob) of processes that something was decided for")
        ->type_name("PID|NAME")
        ->required();
    verb.footer(
        "One line for each contribution, the earlier overruled by the later; * marks those in force.\n"
        "Then with whom the process competes for CPU time, and by which knob; what does nothing is marked with a "
        "dash.\n"
        "JSON: an object for a PID, a list of such objects for a NAME.");
    return [target](const Context& context) {
        auto client = connect(context);
        if (!client)
            return client.error();
        return is_number(*target) ? explain_pid(context, *client, *target) : explain_name(context, *client, *target);
    };
}

}  // namespace priorityd::cli
