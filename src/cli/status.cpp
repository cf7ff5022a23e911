// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl status: how the daemon is.
#include <fcntl.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bus/readable.hpp"
#include "cli/json.hpp"
#include "cli/show.hpp"
#include "cli/verbs.hpp"
#include "core/neighbours.hpp"
#include "kernel/pressure.hpp"
#include "kernel/procfs.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::cli {
namespace {

using kernel::PressureKind;

constexpr std::pair<PressureKind, const char*> kPressures[] = {
    {PressureKind::cpu, "cpu"}, {PressureKind::io, "io"}, {PressureKind::memory, "memory"}};

bool is_error(const std::string& diagnostic)
{
    return diagnostic.find(": error: ") != std::string::npos;
}

struct Health {
    const char* word;
    const char* sentence;
    Style style;
};

Health health_of(const bus::ManagerStatus& status)
{
    if (std::ranges::any_of(status.diagnostics, is_error))
        return {"degraded", "the rules were refused when last read; those before stay in force", Style::red};
    if (status.daemon.is_dry_run)
        return {"dry-run", "dry run: decides and shows, applies nothing", Style::yellow};
    return {"ok", "running", Style::green};
}

std::string pressure_text(int proc, PressureKind kind)
{
    const auto pressure = kernel::read_pressure(proc, kind);
    if (!pressure)
        return "not known here: " + pressure.error().message();
    return fmt::format("{:.1f} % of the last 10 s, {:.1f} % of 60 s, {:.1f} % of 300 s", pressure->some.avg10,
                       pressure->some.avg60, pressure->some.avg300);
}

Json stall_json(const kernel::Stall& stall)
{
    return {
        {"avg10", stall.avg10}, {"avg60", stall.avg60}, {"avg300", stall.avg300}, {"total_usec", stall.total.count()}};
}

Json pressure_json(int proc, PressureKind kind)
{
    const auto pressure = kernel::read_pressure(proc, kind);
    if (!pressure)
        return nullptr;
    Json result{{"some", stall_json(pressure->some)}};
    if (pressure->full)
        result["full"] = stall_json(*pressure->full);
    return result;
}

Json pressures_json(int proc)
{
    Json result = Json::object();
    for (const auto& [kind, name] : kPressures)
        result[name] = pressure_json(proc, kind);
    return result;
}

Json knobs_json(const Knobs& knobs)
{
    Json result = Json::object();
    for (const auto& [name, knob] : knobs)
        result[name] = {{"live", knob.is_live}, {"why", knob.why}};
    return result;
}

Json counters_json(const Counters& counters)
{
    return {
        {"events_received", counters.events_received},
        {"events_malformed", counters.events_malformed},
        {"events_lost", counters.events_lost},
        {"rescans", counters.rescans},
        {"applied", counters.applied},
        {"failed", counters.failed},
    };
}

/// Programs that run here beside priorityd and have a say in the same things, by name.
std::map<std::string_view, std::string_view> neighbours()
{
    std::map<std::string_view, std::string_view> found;
    auto processes = kernel::Procfs::open();
    if (!processes)
        return found;
    for (const Pid pid : processes->list()) {
        Snapshot process;
        const auto handle = processes->open(pid);
        const auto* neighbour = handle && (*handle)->read(Fact::stat, process) ? find_neighbour(process.comm) : nullptr;
        if (neighbour)
            found.emplace(neighbour->name, neighbour->manner);
    }
    return found;
}

Json to_json(const bus::ManagerStatus& status, int proc)
{
    const DaemonStatus& daemon = status.daemon;
    Json result{
        {"health", health_of(status).word}, {"version", daemon.version},
        {"generation", daemon.generation},  {"rules", daemon.rules},
        {"classes", daemon.classes},        {"overrides", daemon.overrides},
        {"tracked", daemon.tracked},
    };
    result["profile"] = status.overlay.name;
    result.update(counters_json(daemon.counters));
    result["listening"] = daemon.listening;
    result["thread"] = daemon.thread;
    result["dry_run"] = daemon.is_dry_run;
    result["engines"] = status.engines;
    result["knobs"] = knobs_json(daemon.knobs);
    result["pressure"] = pressures_json(proc);
    result["beside"] = neighbours();
    result["diagnostics"] = status.diagnostics;
    return result;
}

void print_line(const char* label, std::string_view text, Colour colour)
{
    print(fmt::format("{} {}\n", styled(fmt::format("{:<11}", label), Style::dim, colour), bus::readable(text)));
}

std::string overlay_text(const OverlayStatus& overlay)
{
    return fmt::format("{}: {}", overlay.name.empty() ? "none" : overlay.name, overlay.because);
}

void print_counts(const bus::ManagerStatus& status, Colour colour)
{
    const DaemonStatus& daemon = status.daemon;
    const Counters& counters = daemon.counters;
    print_line("policy",
               fmt::format("{}, {}, generation {}", counted(daemon.rules, "rule"),
                           counted(daemon.classes.size(), "class"), daemon.generation),
               colour);
    print_line("profile", overlay_text(status.overlay), colour);
    print_line("overrides", fmt::format("{} in force", daemon.overrides), colour);
    print_line("processes", fmt::format("{} tracked", daemon.tracked), colour);
    print_line("settings", fmt::format("{} applied, {} refused by the kernel", counters.applied, counters.failed),
               colour);
    print_line("events",
               fmt::format("{} received, {} malformed, {}, {}", counters.events_received, counters.events_malformed,
                           counted(counters.events_lost, "overrun"), counted(counters.rescans, "rescan")),
               colour);
    print_line("listening", daemon.listening, colour);
    print_line("thread", daemon.thread, colour);
}

void print_knobs(const Knobs& knobs, Colour colour)
{
    Table table{{{"KNOB"}, {"STATE"}}};
    for (const auto& [name, knob] : knobs)
        table.add({{name}, {knob.to_text(), knob.is_live ? Style::green : Style::yellow}});
    if (!table.empty())
        print("\n" + table.to_text(colour));
}

void print_neighbours(Colour colour)
{
    Table table{{{"BESIDE"}, {"WHAT IT DOES"}}};
    for (const auto& [name, manner] : neighbours())
        table.add({{std::string{name}}, {std::string{manner}}});
    if (!table.empty())
        print("\n" + table.to_text(colour));
}

void print_diagnostics(const std::vector<std::string>& diagnostics, Colour colour)
{
    if (diagnostics.empty())
        return;
    print(fmt::format("\n{}\n", styled("DIAGNOSTICS", Style::dim, colour)));
    for (const std::string& diagnostic : diagnostics)
        print(styled(bus::readable(diagnostic), is_error(diagnostic) ? Style::red : Style::yellow, colour) + "\n");
}

void print_text(const bus::ManagerStatus& status, int proc, Colour colour)
{
    const Health health = health_of(status);
    print(fmt::format("{} {}: {}\n", styled("priorityd", Style::bold, colour), bus::readable(status.daemon.version),
                      styled(health.sentence, health.style, colour)));
    print_counts(status, colour);
    for (const auto& [kind, name] : kPressures)
        print_line(fmt::format("{} wait", name).c_str(), pressure_text(proc, kind), colour);
    print_knobs(status.daemon.knobs, colour);
    print_neighbours(colour);
    print_diagnostics(status.diagnostics, colour);
}

ExitStatus status(const Context& context)
{
    const kernel::UniqueFd proc{::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    return show(
        context, [](bus::ManagerClient& client) { return client.status(); },
        [&](const bus::ManagerStatus& answer) { print_json(to_json(answer, proc.get())); },
        [&](const bus::ManagerStatus& answer, Colour colour) { print_text(answer, proc.get(), colour); });
}

}  // namespace

Run add_status(CLI::App& verb)
{
    verb.footer("\"wait\" is the kernel's pressure: the share of time in which some task waited for it.");
    return status;
}

}  // namespace priorityd::cli
