// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl monitor: changes as they happen.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <systemd/sd-event.h>

#include "bus/readable.hpp"
#include "cli/json.hpp"
#include "cli/verbs.hpp"

namespace priorityd::cli {
namespace {

using Clock = std::chrono::system_clock;

int milliseconds_of(Clock::time_point when)
{
    using std::chrono::milliseconds;
    return static_cast<int>(std::chrono::floor<milliseconds>(when.time_since_epoch()).count() % 1000);
}

std::string local_time(Clock::time_point when)
{
    return fmt::format("{:%H:%M:%S}.{:03}", fmt::localtime(Clock::to_time_t(when)), milliseconds_of(when));
}

/// As RFC 3339 has it.
std::string utc_time(Clock::time_point when)
{
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(Clock::to_time_t(when)), milliseconds_of(when));
}

std::string ids_text(const std::vector<std::string>& ids)
{
    return fmt::format("{} {}", ids.size() == 1 ? "override" : "overrides", fmt::join(ids, ", "));
}

class TextPrinter final : public bus::Watcher {
public:
    explicit TextPrinter(Colour colour) : colour_{colour} {}

    void processes_changed(const std::vector<ProcessView>& changed, std::uint32_t left_out) override
    {
        for (const ProcessView& process : changed)
            print_line(row_text(process));
        if (left_out > 0)
            note(fmt::format("and {}: see \"priorityctl list\"", counted(left_out, "further change")), Style::yellow);
    }

    void policy_reloaded(const bus::PolicyNews& news) override
    {
        if (news.is_accepted)
            note(fmt::format("policy {}: {} in force", news.generation, counted(news.policy.rules, "rule")),
                 Style::green);
        else
            note(fmt::format("rules refused: policy {} stays in force", news.generation), Style::red);
        for (const std::string& diagnostic : news.policy.diagnostics)
            note(diagnostic, Style::yellow);
    }

    void overrides_changed(const std::vector<std::string>& added, const std::vector<std::string>& removed) override
    {
        if (!added.empty())
            note(fmt::format("set: {}", ids_text(added)), Style::green);
        if (!removed.empty())
            note(fmt::format("no longer set: {}", ids_text(removed)), Style::yellow);
    }

    void suggestion_added(const SuggestionView& one) override
    {
        note(fmt::format("suggestion {}: {} as {} ({})", one.id, one.name, one.program_class, one.because),
             Style::green);
    }

    void daemon_vanished() override { note("priorityd has left the bus; waiting for it to come back", Style::red); }
    void daemon_returned() override { note("priorityd is back", Style::green); }

private:
    [[nodiscard]] std::string row_text(const ProcessView& process) const
    {
        const std::string name = fmt::format("{:<15}", bus::readable(process.name));
        return fmt::format("{:>7} {} {:<12} {}  {}", raw(process.key.pid), styled(name, Style::bold, colour_),
                           process.class_name.empty() ? "-" : bus::readable(process.class_name),
                           bus::readable(settings_text(process.settings)),
                           styled(bus::readable(process.source), Style::dim, colour_));
    }

    void note(const std::string& text, Style style) const
    {
        print_line("-- " + styled(bus::readable(text), style, colour_));
    }

    void print_line(const std::string& text) const
    {
        print(fmt::format("{} {}\n", styled(local_time(Clock::now()), Style::dim, colour_), text));
    }

    Colour colour_;
};

class JsonPrinter final : public bus::Watcher {
public:
    void processes_changed(const std::vector<ProcessView>& changed, std::uint32_t left_out) override
    {
        for (const ProcessView& process : changed) {
            Json row = to_json(process);
            row.erase("exe");  // not in the signal
            row.erase("uid");
            print_event("changed", row);
        }
        if (left_out > 0)
            print_event("left_out", {{"count", left_out}});
    }

    void policy_reloaded(const bus::PolicyNews& news) override
    {
        print_event("policy_reloaded", {{"generation", news.generation},
                                        {"accepted", news.is_accepted},
                                        {"rules", news.policy.rules},
                                        {"diagnostics", news.policy.diagnostics}});
    }

    void overrides_changed(const std::vector<std::string>& added, const std::vector<std::string>& removed) override
    {
        print_event("overrides_changed", {{"added", added}, {"removed", removed}});
    }

    void suggestion_added(const SuggestionView& one) override
    {
        Json row = to_json(one);
        row.erase("exe");  // not in the signal
        print_event("suggestion_added", row);
    }

    void daemon_vanished() override { print_event("daemon_vanished", Json::object()); }
    void daemon_returned() override { print_event("daemon_returned", Json::object()); }

private:
    static void print_event(const char* event, const Json& members)
    {
        Json line{{"time", utc_time(Clock::now())}, {"event", event}};
        line.update(members);
        print_json(line);
    }
};

struct Unref {
    void operator()(sd_event* event) const { sd_event_unref(event); }
};
using Loop = std::unique_ptr<sd_event, Unref>;

/// A loop that ends with 0 on SIGINT and SIGTERM.
Result<Loop> make_loop()
{
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &ending, nullptr);
    sd_event* event = nullptr;
    int r = sd_event_new(&event);
    Loop loop{event};
    for (const int signal : {SIGINT, SIGTERM}) {
        if (r >= 0)
            r = sd_event_add_signal(event, nullptr, signal, nullptr, nullptr);
    }
    if (r < 0)
        return failure(-r, "sd_event_add_signal");
    return loop;
}

std::unique_ptr<bus::Watcher> make_printer(const Context& context)
{
    if (context.is_json())
        return std::make_unique<JsonPrinter>();
    return std::make_unique<TextPrinter>(context.colour);
}

ExitStatus run_loop(sd_event* loop, bus::ManagerClient& client)
{
    std::optional<Error> lost;
    const auto on_lost = [&](const Error& error) {
        lost = error;
        sd_event_exit(loop, 0);
    };
    const auto attachment = bus::attach(client.connection(), loop, {.on_lost = on_lost});
    if (!attachment)
        return fail(ExitStatus::refused, attachment.error().message());
    const int r = sd_event_loop(loop);
    if (r < 0)
        return fail(ExitStatus::refused, Error{-r, "sd_event_loop"}.message());
    return lost ? fail(ExitStatus::no_daemon, "the bus is gone: " + lost->message()) : ExitStatus::done;
}

ExitStatus monitor(const Context& context)
{
    // A reader behind a pipe gets each change at once.
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const auto loop = make_loop();
    if (!loop)
        return fail(ExitStatus::refused, loop.error().message());
    const auto printer = make_printer(context);
    auto client = connect(context);
    if (!client)
        return client.error();
    if (const auto watching = client->watch(*printer); !watching)
        return fail(watching.error());
    return run_loop(loop->get(), *client);
}

}  // namespace

Run add_monitor(CLI::App& verb)
{
    verb.footer(
        "One line for each change: time, pid, name, class, settings, the rule. Many changes at once come\n"
        "as 64 rows and the number of those left out. Overrides that come and go, and rules that are read again,\n"
        "are told too, and new suggestions. When the daemon ends, it waits for the next one.");
    return monitor;
}

}  // namespace priorityd::cli
