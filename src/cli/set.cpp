// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl set: an override, over all rules, for a process or for all that fit a pattern.
#include <algorithm>
#include <charconv>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/readable.hpp"
#include "cli/json.hpp"
#include "cli/password_agent.hpp"
#include "cli/target.hpp"
#include "cli/time_span.hpp"
#include "cli/verbs.hpp"
#include "kernel/procfs.hpp"

namespace priorityd::cli {
namespace {

/// D-Bus carries nothing but UTF-8, and a control character is a mistake.
void require_plain(const std::string& option, const std::string& text, const char* instead)
{
    if (bus::readable(text) != text)
        throw CLI::ValidationError(option, fmt::format("expected UTF-8 without control characters{}", instead));
}

/// A whole number is one, as in TOML; all else is text.
RawValue raw_value_of(const std::string& text)
{
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = error == std::errc{} && end == text.data() + text.size();
    return is_whole ? RawValue{number} : RawValue{text};
}

/// A shell has no quotes to tell the CPU list "3" from the number 3, so a number is tried as text too.
Value value_of(const SettingInfo& setting, const std::string& option, const std::string& text)
{
    require_plain(option, text, "");
    auto value = setting.parse(raw_value_of(text));
    if (!value)
        value = setting.parse(text);
    if (!value)
        throw CLI::ValidationError(fmt::format("{} {}", option, text), fmt::format("expected {}", setting.expects));
    return *std::move(value);
}

/// "--oom-score-adj", as options are spelled.
std::string option_of(std::string_view setting)
{
    std::string option = fmt::format("--{}", setting);
    std::ranges::replace(option, '_', '-');
    return option;
}

void add_setting(CLI::App& verb, const SettingInfo& setting, SettingMap& into)
{
    const std::string option = option_of(setting.name);
    const std::string as_in_rules = fmt::format("--{}", setting.name);
    const auto take = [&setting, &into, option](const std::string& text) {
        into.set(setting.setting, value_of(setting, option, text));
    };
    verb.add_option_function<std::string>(option == as_in_rules ? option : option + "," + as_in_rules, take,
                                          std::string{setting.expects})
        ->type_name("VALUE")
        ->group("Settings");
}

/// So that another process that gets this number before the daemon looks is not taken for it. Empty when the process is
/// not to be seen: whether it exists is for the daemon to say.
std::optional<std::uint64_t> start_of(Pid pid)
{
    auto procfs = kernel::Procfs::open();
    if (!procfs)
        return std::nullopt;
    const auto process = procfs->open(pid);
    Snapshot snapshot;
    if (!process || !(*process)->read(Fact::stat, snapshot))
        return std::nullopt;
    return snapshot.key.start_ticks;
}

void take_target(const std::string& text, OverrideRequest& request)
{
    require_plain("TARGET", text, "; a ? in a pattern fits any byte");
    const auto target = parse_target(text);
    if (!target)
        throw CLI::ValidationError(text, std::string{kTargetExpected});
    if (const auto* pid = std::get_if<Pid>(&*target))
        request.target = OverrideRequest::Process{*pid, start_of(*pid)};
    else
        request.target = std::get<PatternTarget>(*target);
}

void take_reason(const std::string& text, OverrideRequest& request)
{
    require_plain("--reason", text, "");
    request.reason = text;
}

void take_lifetime(const std::string& text, OverrideRequest& request)
{
    request.lifetime = parse_time_span(text);
    if (!request.lifetime)
        throw CLI::ValidationError("--for " + text, "expected a length of time, such as 90s, 10min, 2h or 1h30min");
}

void add_options(CLI::App& verb, OverrideRequest& request)
{
    verb.add_option_function<std::string>(
            "TARGET", [&request](const std::string& text) { take_target(text, request); },
            "PID: this process; name:GLOB, exe:GLOB, unit:GLOB: all that fit, now and later")
        ->type_name("")
        ->required();
    for (const SettingInfo& setting : setting_table())
        add_setting(verb, setting, request.settings);
    auto* lifetime = verb.add_option_function<std::string>(
        "--for", [&request](const std::string& text) { take_lifetime(text, request); },
        "How long: 90s, 10min, 2h, 1h30min; else until it is removed");
    lifetime->type_name("DURATION");
    verb.add_flag("--permanent", request.is_permanent, "Keep it beyond the end of the daemon")->excludes(lifetime);
    verb.add_option_function<std::string>(
            "--reason", [&request](const std::string& text) { take_reason(text, request); },
            "Why, for those who wonder later")
        ->type_name("TEXT");
    verb.add_flag("--all-users", request.is_for_everybody, "Processes of all users, not only your own");
}

ExitStatus set(const Context& context, const OverrideRequest& request)
{
    if (request.settings.empty())
        return fail(ExitStatus::usage, "nothing to set: name a class or a setting, such as --class batch or --nice 5");
    auto client = connect(context);
    if (!client)
        return client.error();
    const PasswordAgent agent{context};
    const auto id = client->add_override(request);
    if (!id)
        return fail(id.error());
    if (context.is_json())
        print_json({{"id", *id}});
    else
        print(bus::readable(*id) + "\n");
    return ExitStatus::done;
}

}  // namespace

Run add_set(CLI::App& verb)
{
    const auto request = std::make_shared<OverrideRequest>(OverrideRequest{.target = PatternTarget{}});
    add_options(verb, *request);
    verb.footer(
        "Prints the id, for \"priorityctl unset ID\". Wins over all rules, within what you may do.\n"
        "Examples:\n"
        "  priorityctl set 4242 --nice 5\n"
        "  priorityctl set 'name:cc1*' --class batch --for 2h --reason \"a call\"\n"
        "  priorityctl set unit:backup.service --io idle --permanent --all-users");
    return [request](const Context& context) { return set(context, *request); };
}

}  // namespace priorityd::cli
