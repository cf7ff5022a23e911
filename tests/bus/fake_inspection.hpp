// SPDX-License-Identifier: GPL-3.0-or-later
/// An Inspection that answers as it is told, and records what it was asked.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/inspection.hpp"

namespace priorityd::test {

inline SettingMap settings(std::initializer_list<std::pair<const char*, RawValue>> entries)
{
    SettingMap map;
    for (const auto& [name, raw_value] : entries) {
        const Setting setting = find_setting(name)->setting;
        map.set(setting, parse_value(setting, raw_value).value());
    }
    return map;
}

/// A compiler that a rule has lowered.
inline ProcessView compiler()
{
    return {
        .key = {.pid = Pid{4242}, .start_ticks = 123456789012},
        .name = "cc1plus",
        .public_name = "cc1plus",
        .exe = "/usr/lib/gcc/cc1plus",
        .uid = Uid{1000},
        .class_name = "build",
        .source = "/etc/priorityd/rules.d/50-build.toml:7",
        .settings = settings({{"nice", RawValue{10}}, {"sched", RawValue{"batch"}}, {"io", RawValue{"best-effort/6"}}}),
        .actual = settings({{"nice", RawValue{10}}, {"sched", RawValue{"batch"}}})};
}

/// A program whose name is meant to do harm.
inline ProcessView hostile()
{
    return {.key = {.pid = Pid{666}, .start_ticks = 1},
            .name = "foo) Z 1\n\x1b[31m\xff\xfe\\",
            .public_name = "foo) Z 1\n\x1b[31m\xff\xfe\\",
            .exe =
                "/tmp/\xc2\x9b"
                "31m\r\xf0\x28\x8c",
            .uid = Uid{65534},
            .class_name = "batch",
            .source = "/etc/priorityd/rules.d/50-build.toml:9",
            .settings = settings({{"nice", RawValue{19}}}),
            .actual = {}};
}

inline std::vector<ShareRow> compiler_shares()
{
    return {{"nice", "process", "10", "3 other processes of build.scope", true},
            {"autogroup", "session 4200", "", "its cgroup /user.slice/build.scope shares out CPU time", false},
            {"cpu_weight", "build.scope", "100", "1 other in user.slice, together 300: 25 % when all are busy", true}};
}

inline std::vector<ExplainRow> compiler_rows()
{
    return {{"class", "build", "/etc/priorityd/rules.d/50-build.toml:7", "name is cc1plus", true, "decided"},
            {"nice", "5", "/usr/lib/priorityd/rules.d/10-x.toml:3", "class batch", false, "went with its class"},
            {"nice", "10", "/etc/priorityd/rules.d/50-build.toml:7", "class build: compilers", true, "applied"},
            {"io", "idle", "/etc/priorityd/rules.d/50-build.toml:7", "class build: compilers", true,
             "failed: ioprio_set(tid 4242): Operation not permitted"},
            {"timer_slack", "1ms", "/etc/priorityd/rules.d/50-build.toml:7", "class build: compilers", true,
             "held by someone else since 2026-11-21 06:41:22 UTC: timer_slack 50us"}};
}

class FakeInspection final : public Inspection {
public:
    DaemonStatus answer{.version = "9.8.7",
                        .generation = 3,
                        .rules = 512,
                        .classes = {"build", "media"},
                        .rule_files = {"/etc/priorityd/rules.d/50-build.toml"},
                        .tracked = 2,
                        .overrides = 5,
                        .counters = {.events_received = 5'000'000'000,
                                     .events_malformed = 2,
                                     .events_lost = 1,
                                     .rescans = 4,
                                     .applied = 77,
                                     .failed = 6},
                        .knobs = {{"nice", {true, ""}},
                                  {"cpus", {true, "isolated CPUs left out"}},
                                  {"cpu_weight", {false, "needs a later version"}}},
                        .listening = "proc_input",
                        .thread = "SCHED_RR 1",
                        .is_dry_run = false,
                        .diagnostics = {{Diagnostic::Level::warning, "/etc/priorityd/rules.d/50-build.toml", 9, 1,
                                         "cpu_weight is not applied yet"}}};
    std::vector<ProcessView> views{compiler(), hostile()};
    std::vector<EngineView> engine_views{
        {.name = "metadata",
         .is_enabled = true,
         .weight = 0.5,
         .calls = 30,
         .votes = 20,
         .cache = {.programs = 12, .hits = 18, .misses = 12, .latency = std::chrono::microseconds{41'500}}},
        {.name = "tea-leaves",
         .is_enabled = false,
         .weight = 1,
         .refused = 7,
         .failures = 5,
         .health = "resting for 9s more: no\n luck",
         .cache = {}}};
    ReloadReport report{.is_accepted = true, .rules = 513, .diagnostics = {}};
    ChangeListener* listener = nullptr;  ///< Told of reloads, as the daemon does.

    mutable std::vector<ProcessFilter> filters;
    mutable std::vector<GivenFacts> facts;
    int reloads = 0;

    [[nodiscard]] DaemonStatus status() const override { return answer; }

    [[nodiscard]] Result<ProcessView> process(Pid pid) override
    {
        for (const ProcessView& view : views) {
            if (view.key.pid == pid)
                return view;
        }
        return failure(ESRCH, "open /proc/" + std::to_string(raw(pid)));
    }

    [[nodiscard]] std::vector<ProcessView> processes(const ProcessFilter& filter) override
    {
        filters.push_back(filter);
        std::vector<ProcessView> result;
        for (const ProcessView& view : views) {
            const bool is_class = filter.class_name.empty() || filter.class_name == view.class_name;
            const bool is_name = filter.name.empty() || filter.name == view.name || filter.name == view.public_name;
            const bool is_user = !filter.uid || *filter.uid == view.uid;
            if (is_class && is_name && is_user)
                result.push_back(view);
        }
        return result;
    }

    [[nodiscard]] Result<Explanation> explanation(Pid pid) override
    {
        return process(pid).map([](const ProcessView& view) {
            return view.name == "cc1plus" ? Explanation{view, compiler_rows(), compiler_shares()}
                                          : Explanation{view, {}, {}};
        });
    }

    [[nodiscard]] Explanation classify(const GivenFacts& given) const override
    {
        facts.push_back(given);
        Explanation result{compiler(), compiler_rows(), {}};
        result.process.name = given.name;
        return result;
    }

    [[nodiscard]] std::vector<EngineView> engines() const override { return engine_views; }

    ReloadReport reload() override
    {
        ++reloads;
        answer.diagnostics = report.diagnostics;
        if (report.is_accepted)
            answer.generation += 1;
        if (listener)
            listener->policy_reloaded(answer.generation, report);
        return report;
    }
};

inline ReloadReport refused_report()
{
    return {.is_accepted = false,
            .rules = 512,
            .diagnostics = {{Diagnostic::Level::warning, "a.toml", 1, 1, "is of no use"},
                            {Diagnostic::Level::error, "a.toml", 4, 8, "unknown key \"nise\"; did you mean \"nice\"?"},
                            {Diagnostic::Level::error, "b.toml", 2, 0, "unknown class \"bild\""}}};
}

}  // namespace priorityd::test
