// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl classify: what would be decided for a process that need not exist.
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/readable.hpp"
#include "cli/explanation.hpp"
#include "cli/json.hpp"
#include "cli/policy_reading.hpp"
#include "cli/verbs.hpp"
#include "core/decide.hpp"
#include "core/names.hpp"
#include "kernel/accounts.hpp"

namespace priorityd::cli {
namespace {

struct Options {
    GivenFacts facts;
    std::string user;
    std::string group;
    std::string parent;
    std::vector<std::string> ancestors;
    std::vector<std::string> uses;
    Paths rules;
};

/// The facts with accounts resolved; else the exit status, and the error has been printed.
tl::expected<GivenFacts, ExitStatus> facts_of(const Options& options)
{
    GivenFacts facts = options.facts;
    const kernel::SystemAccounts accounts;
    if (!options.user.empty()) {
        const auto uid = accounts.uid_of(options.user);
        if (!uid)
            return tl::unexpected{
                fail(ExitStatus::usage, fmt::format("--user {}: there is no such user", options.user))};
        facts.user = *uid;
    }
    if (!options.group.empty()) {
        const auto gid = accounts.gid_of(options.group);
        if (!gid)
            return tl::unexpected{
                fail(ExitStatus::usage, fmt::format("--group {}: there is no such group", options.group))};
        facts.group = *gid;
    }
    return facts;
}

/// The parent is the first of the ancestors; it is nobody's name when only further ones are given.
void add_ancestors(const Options& options, GivenFacts& facts)
{
    if (!options.parent.empty() || !options.ancestors.empty())
        facts.ancestors.push_back(options.parent);
    facts.ancestors.insert(facts.ancestors.end(), options.ancestors.begin(), options.ancestors.end());
}

void add_uses(const Options& options, GivenFacts& facts)
{
    for (const std::string& word : options.uses) {
        facts.uses.gpu |= word == "gpu";
        facts.uses.audio |= word == "audio";
        facts.has_tty |= word == "tty";
    }
}

void print_text(const Explanation& explanation, Colour colour)
{
    print(contributions_text(explanation, colour));
    if (!explanation.rows.empty())
        print(fmt::format("would get: {}\n", bus::readable(settings_text(explanation.process.settings))));
}

/// There is no such process, so there is nothing to say of its pid or of what it has now.
void print_document(const Explanation& explanation)
{
    Json document = to_json(explanation);
    for (const char* key : {"pid", "start_time", "uid", "actual"})
        document["process"].erase(key);
    print_json(document);
}

/// Empty when there is no daemon to ask, and the files have to be read here; none is started for it.
std::optional<tl::expected<Explanation, ExitStatus>> ask_daemon(const Context& context, const GivenFacts& facts)
{
    auto client = find_daemon(context);
    if (!client || !client->is_there())
        return std::nullopt;
    const auto answer = client->classify(facts);
    if (answer)
        return *answer;
    if (answer.error().kind == bus::ClientError::Kind::no_daemon)
        return std::nullopt;
    return tl::unexpected{fail(answer.error())};
}

tl::expected<Explanation, ExitStatus> read_and_classify(const Context& context, const GivenFacts& facts,
                                                        const Paths& rules)
{
    return usable_policy(context, rules).map([&](const std::shared_ptr<const Policy>& policy) {
        return classify({.policy = policy}, facts);
    });
}

ExitStatus run_classify(const Context& context, const Options& options)
{
    auto facts = facts_of(options);
    if (!facts)
        return facts.error();
    add_ancestors(options, *facts);
    add_uses(options, *facts);
    auto answer = options.rules.empty() ? ask_daemon(context, *facts) : std::nullopt;
    const auto explanation = answer ? *answer : read_and_classify(context, *facts, options.rules);
    if (!explanation)
        return explanation.error();
    if (context.is_json())
        print_document(*explanation);
    else
        print_text(*explanation, context.colour);
    return ExitStatus::done;
}

void add_fact(CLI::App& verb, const char* name, std::string& into, const char* type, const char* about)
{
    verb.add_option(name, into, about)->type_name(type);
}

void add_facts(CLI::App& verb, const char* name, std::vector<std::string>& into, const char* type, const char* about)
{
    verb.add_option(name, into, about)->type_name(type)->expected(1)->take_all();
}

}  // namespace

Run add_classify(CLI::App& verb)
{
    const auto options = std::make_shared<Options>();
    GivenFacts& facts = options->facts;
    add_fact(verb, "--name", facts.name, "NAME", "A name that it goes by");
    add_fact(verb, "--exe", facts.exe, "PATH", "Path of its program");
    add_facts(verb, "--arg", facts.args, "ARG", "One of its arguments; may be repeated");
    add_fact(verb, "--user", options->user, "USER", "Its user, by name or number");
    add_fact(verb, "--group", options->group, "GROUP", "Its group, by name or number");
    add_fact(verb, "--unit", facts.unit, "UNIT", "Its systemd unit");
    add_fact(verb, "--slice", facts.slice, "SLICE", "Its systemd slice");
    add_fact(verb, "--cgroup", facts.cgroup, "PATH", "Its cgroup, instead of unit and slice");
    add_fact(verb, "--container", facts.container, "ENGINE/ID", "The container that it runs in");
    add_fact(verb, "--parent", options->parent, "NAME", "A name of its parent");
    add_facts(verb, "--ancestor", options->ancestors, "NAME", "A name of an ancestor beyond it; may be repeated");
    add_facts(verb, "--uses", options->uses, "WORD",
              "What it holds open, or tty when it has a terminal; may be repeated");
    verb.get_option("--uses")->check(CLI::IsMember({"gpu", "audio", "tty"}));
    add_rules_option(verb, options->rules);
    verb.footer(
        "What is not given is not known, and no rule that asks for it matches. The policy is that of the daemon;\n"
        "with --rules, or when no daemon runs, it is read from files.");
    return [options](const Context& context) { return run_classify(context, *options); };
}

}  // namespace priorityd::cli
