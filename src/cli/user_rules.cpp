// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl user-rules: hands the caller's own rules to the daemon, which never opens a file in a home.
#include "kernel/user_rules.hpp"

#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/readable.hpp"
#include "cli/json.hpp"
#include "cli/password_agent.hpp"
#include "cli/verbs.hpp"

namespace priorityd::cli {
namespace {

namespace fs = std::filesystem;

using Files = kernel::UserRuleFiles;

void print_done(const Context& context, const Files& files, const bus::Reloaded& answer)
{
    if (context.is_json()) {
        Json names = Json::array();
        for (const auto& file : files)
            names.push_back(file.first);
        print_json({{"files", names}, {"rules", answer.rules}, {"diagnostics", answer.diagnostics}});
        return;
    }
    for (const std::string& diagnostic : answer.diagnostics)
        print(bus::readable(diagnostic) + "\n");
    if (files.empty())
        print("no rules of your own are in force: there were none to hand over\n");
    else
        print(fmt::format("{} of your own in force\n", counted(answer.rules, "rule")));
}

ExitStatus hand_over(const Context& context, const kernel::PolicyPlaces& places)
{
    const auto files = kernel::read_user_rules(places);
    if (!files)
        return fail(ExitStatus::refused, files.error().message());
    auto client = connect(context);
    if (!client)
        return client.error();
    const PasswordAgent agent{context};
    const auto answer = client->use_user_rules(*files);
    if (!answer)
        return fail(answer.error());
    print_done(context, *files, *answer);
    return ExitStatus::done;
}

ExitStatus user_rules(const Context& context, const std::string& folder)
{
    using Origin = kernel::PolicyPlaces::Origin;
    if (!folder.empty())
        return hand_over(context, {Origin::given, {folder}});
    const fs::path own = kernel::own_rules_folder();
    if (own.empty())
        return fail(ExitStatus::refused, "neither XDG_CONFIG_HOME nor HOME says where your rules are: name the folder");
    return hand_over(context, {Origin::standard, {own}});
}

}  // namespace

Run add_user_rules(CLI::App& verb)
{
    const auto folder = std::make_shared<std::string>();
    verb.add_option("DIR", *folder, "The folder; by default ~/.config/priorityd/rules.d")->type_name("");
    verb.footer(
        "Sends all *.toml of the folder, in the order of their names; they take the place of those sent before. An\n"
        "empty folder, or none, takes them back. They count for your own processes only, within what you may do.");
    return [folder](const Context& context) { return user_rules(context, *folder); };
}

}  // namespace priorityd::cli
