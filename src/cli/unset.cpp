// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl unset: overrides go, and processes return to what the policy says.
#include <algorithm>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/readable.hpp"
#include "cli/json.hpp"
#include "cli/password_agent.hpp"
#include "cli/target.hpp"
#include "cli/verbs.hpp"

namespace priorityd::cli {
namespace {

using Overrides = std::vector<OverrideView>;

/// What is to go. A mere number may be either: then both are set.
struct Wanted {
    std::string text;  ///< As it was said.
    std::optional<std::string> id;
    std::optional<Target> target;
};

Wanted parse_wanted(const std::string& text)
{
    constexpr std::string_view kIdPrefix = "id:";
    if (text.starts_with(kIdPrefix) && is_number(std::string_view{text}.substr(kIdPrefix.size())))
        return {text, text.substr(kIdPrefix.size()), std::nullopt};
    Wanted wanted{text, std::nullopt, parse_target(text)};
    if (is_number(text))
        wanted.id = text;
    if (!wanted.id && !wanted.target)
        throw CLI::ValidationError(text, fmt::format("{}; or the id of an override", kTargetExpected));
    return wanted;
}

Overrides with_id(const Overrides& all, const Wanted& wanted)
{
    Overrides found;
    std::ranges::copy_if(all, std::back_inserter(found),
                         [&](const OverrideView& one) { return one.kept.id == wanted.id; });
    return found;
}

Overrides with_target(const Overrides& all, const Wanted& wanted)
{
    Overrides found;
    std::ranges::copy_if(all, std::back_inserter(found), [&](const OverrideView& one) {
        return wanted.target && is_same(one.kept.target, *wanted.target);
    });
    return found;
}

/// Those that are meant, at least one; else the exit status, and the error has been printed.
tl::expected<Overrides, ExitStatus> choose(const Overrides& all, const Wanted& wanted)
{
    Overrides by_id = with_id(all, wanted);
    Overrides by_target = with_target(all, wanted);
    if (!by_id.empty() && !by_target.empty())
        return tl::unexpected{
            fail(ExitStatus::usage,
                 fmt::format("{0} is both the id of an override and a process that has one: say id:{0} or pid:{0}",
                             wanted.text))};
    if (by_id.empty() && by_target.empty())
        return tl::unexpected{fail(ExitStatus::refused,
                                   fmt::format("there is no override {}: see \"priorityctl overrides\"", wanted.text))};
    return by_id.empty() ? by_target : by_id;
}

void print_removed(const Context& context, const Overrides& removed)
{
    if (!context.is_json()) {
        for (const OverrideView& one : removed)
            print(fmt::format("removed {}: {}, {}\n", bus::readable(one.kept.id),
                              bus::readable(target_text(one.kept.target)),
                              bus::readable(settings_text(one.kept.settings))));
        return;
    }
    Json ids = Json::array();
    for (const OverrideView& one : removed)
        ids.push_back(one.kept.id);
    print_json({{"removed", ids}});
}

/// One that may not be removed does not keep the others; one that has ended meanwhile is gone as wanted.
ExitStatus remove(const Context& context, bus::ManagerClient& client, const Overrides& chosen)
{
    Overrides removed;
    std::optional<bus::ClientError> first_error;
    for (const OverrideView& one : chosen) {
        const auto answer = client.remove_override(one.kept.id);
        if (answer || answer.error().kind == bus::ClientError::Kind::no_such_override)
            removed.push_back(one);
        else if (!first_error)
            first_error = answer.error();
    }
    print_removed(context, removed);
    return first_error ? fail(*first_error) : ExitStatus::done;
}

ExitStatus unset(const Context& context, const Wanted& wanted)
{
    auto client = connect(context);
    if (!client)
        return client.error();
    const auto all = client->overrides();
    if (!all)
        return fail(all.error());
    const auto chosen = choose(*all, wanted);
    if (!chosen)
        return chosen.error();
    const PasswordAgent agent{context};
    return remove(context, *client, *chosen);
}

}  // namespace

Run add_unset(CLI::App& verb)
{
    const auto wanted = std::make_shared<Wanted>();
    verb.add_option_function<std::string>(
            "ID|TARGET", [wanted](const std::string& text) { *wanted = parse_wanted(text); },
            "An id of \"priorityctl overrides\", or what was said to \"priorityctl set\": all of that target")
        ->type_name("")
        ->required();
    verb.footer(
        "A number is an id or a pid; where it could be both, say id:NUMBER or pid:NUMBER.\n"
        "The processes return to what the rules say now.");
    return [wanted](const Context& context) { return unset(context, *wanted); };
}

}  // namespace priorityd::cli
