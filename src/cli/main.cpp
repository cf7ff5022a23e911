// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl: reads the command line and runs one verb.
#include <algorithm>
#include <iterator>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/complete.hpp"
#include "cli/output.hpp"
#include "cli/verbs.hpp"

namespace priorityd::cli {
namespace {

struct Verb {
    const char* name;
    const char* summary;
    Run (*add)(CLI::App&);
};

constexpr Verb kVerbs[] = {
    {"status", "Show how the daemon is: live knobs, counts, pressure, last diagnostics", add_status},
    {"list", "List the processes that something was decided for", add_list},
    {"explain", "Show who decided what for a process, and what it has now", add_explain},
    {"monitor", "Print changes as they happen, until Ctrl-C", add_monitor},
    {"set", "Give a process, or all that fit a pattern, other settings than the rules do", add_set},
    {"unset", "Take back what was set", add_unset},
    {"overrides", "List what was set, by whom and for how long", add_overrides},
    {"classify", "Show what would be decided for such a process, also without the daemon", add_classify},
    {"check", "Look for mistakes in rules and settings", add_check},
    {"engines", "Show the scoring engines, and how they have done; forget what was learned", add_engines},
    {"suggestions", "List what programs have turned out to be, and make rules of it", add_suggestions},
    {"evaluate", "Compare what scoring engines say of programs with what people say", add_evaluate},
    {"import", "Turn rules of ananicy into a rule file", add_import},
    {"rules", "Show the rules, or those that may apply to a name", add_rules},
    {"classes", "Show the classes", add_classes},
    {"profile", "Show the profiles and which one is in force, or bring another one into force", add_profile},
    {"topology", "Show the machine as placement sees it: caches, nodes, kinds of CPUs", add_topology},
    {"user-rules", "Hand your own rules to the daemon", add_user_rules},
    {"reload", "Have the daemon read settings and rules again", add_reload},
};

constexpr const char* kFooter =
    R"("priorityctl VERB --help" explains a verb. classify, check, evaluate, import, rules, classes and topology work
without the daemon.

Environment:
  PRIORITYD_BUS  what --bus says, when it is not given
  NO_COLOR       no colours when this is set; they are used on terminals only

Exit status:
  0 done, 1 the daemon or a check says no, 2 wrong usage, 3 no daemon on the bus, 4 not authorised

Examples:
  priorityctl explain mpv
  priorityctl --json list --class build
  priorityctl set 'name:cc1*' --class batch --for 2h
  priorityctl classify --name cc1plus --user alice --rules ./rules.d)";

/// Empty for an address that can be used, as CLI11 wants it.
std::string bus_mistake(const std::string& address)
{
    if (bus::parse_address(address))
        return {};
    return fmt::format("\"{}\": expected system, session or an address like unix:path=/run/x", address);
}

void add_global_options(CLI::App& app, Context& context)
{
    app.set_version_flag("--version", std::string{"priorityctl "} + PRIORITYD_VERSION, "Print the version");
    app.set_help_flag("-h,--help", "Print this help");
    app.add_option("--bus", context.bus, "The bus that the daemon is on: system, session or an ADDRESS")
        ->envname("PRIORITYD_BUS")
        ->type_name("ADDRESS")
        ->default_str("system")
        ->check(CLI::Validator{bus_mistake, "", "BUS"});
    app.add_flag_callback(
        "--json", [&context] { context.format = Context::Format::json; },
        "Print one JSON document; with monitor, one a line");
    app.footer(kFooter);
    app.get_formatter()->label("SUBCOMMAND", "VERB");
}

/// Options of priorityctl itself may stand before the verb and behind it.
void add_verbs(CLI::App& app, Run& chosen)
{
    for (const Verb& verb : kVerbs) {
        CLI::App* subcommand = app.add_subcommand(verb.name, verb.summary)->fallthrough()->group("Verbs");
        subcommand->callback([&chosen, run = verb.add(*subcommand)] { chosen = run; });
    }
    app.require_subcommand(0, 1);
}

/// Not among the verbs: it is for the shells, and takes any words for what they are.
bool is_completion(int argc, char** argv)
{
    return argc > 1 && std::string_view{argv[1]} == "complete";
}

ExitStatus usage_error(std::string text)
{
    std::ranges::replace(text, '\n', ' ');
    return fail(ExitStatus::usage, text + " (see priorityctl --help)");
}

ExitStatus run(int argc, char** argv)
{
    Context context{.colour = wanted_colour()};
    Run chosen;
    CLI::App app{"Ask priorityd which priorities programs get, and why.", "priorityctl"};
    add_global_options(app, context);
    add_verbs(app, chosen);
    if (is_completion(argc, argv))
        return complete(app, {argv + 2, argv + argc});
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
        app.exit(asked);  // prints the help or the version
        return ExitStatus::done;
    } catch (const CLI::ParseError& error) {
        return usage_error(error.what());
    }
    return chosen ? chosen(context) : usage_error("which verb?");
}

}  // namespace
}  // namespace priorityd::cli

int main(int argc, char** argv)
{
    using namespace priorityd::cli;
    return static_cast<int>(finish(run(argc, argv)));
}
