// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl list: the processes that something was decided for.
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json.hpp"
#include "cli/show.hpp"
#include "cli/verbs.hpp"
#include "kernel/accounts.hpp"

namespace priorityd::cli {
namespace {

struct Options {
    ProcessFilter filter;
    std::string user;
};

/// The name service may be slow, so each user is looked up once.
class UserNames {
public:
    const std::string& of(Uid user)
    {
        const auto [found, is_new] = names_.try_emplace(user);
        if (is_new)
            found->second = kernel::user_name(user);
        return found->second;
    }

private:
    std::map<Uid, std::string> names_;
};

void print_table(const std::vector<ProcessView>& processes, Colour colour)
{
    Table table{{{"PID", Table::Align::right}, {"USER"}, {"NAME"}, {"CLASS"}, {"SETTINGS"}, {"FROM"}}};
    UserNames users;
    for (const ProcessView& process : processes) {
        table.add({{std::to_string(raw(process.key.pid))},
                   {users.of(process.uid)},
                   {process.name, Style::bold},
                   {process.class_name.empty() ? "-" : process.class_name},
                   {settings_text(process.settings)},
                   {process.source, Style::dim}});
    }
    if (!table.empty())
        print(table.to_text(colour));
}

void print_document(const std::vector<ProcessView>& processes)
{
    Json document = Json::array();
    for (const ProcessView& process : processes)
        document.push_back(to_json(process));
    print_json(document);
}

ExitStatus list(const Context& context, ProcessFilter filter, const std::string& user)
{
    if (!user.empty()) {
        const auto uid = kernel::SystemAccounts{}.uid_of(user);
        if (!uid)
            return fail(ExitStatus::usage, fmt::format("--user {}: there is no such user", user));
        filter.uid = *uid;
    }
    return show(
        context, [&](bus::ManagerClient& client) { return client.processes(filter); }, print_document, print_table);
}

}  // namespace

Run add_list(CLI::App& verb)
{
    const auto options = std::make_shared<Options>();
    verb.add_option("--class", options->filter.class_name, "Only processes of this class")->type_name("CLASS");
    verb.add_option("--source", options->filter.source, "Only what this file, or FILE:LINE, has decided")
        ->type_name("SOURCE");
    verb.add_option("--user", options->user, "Only processes of this user, by name or number")->type_name("USER");
    return [options](const Context& context) { return list(context, options->filter, options->user); };
}

}  // namespace priorityd::cli
