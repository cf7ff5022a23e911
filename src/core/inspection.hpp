// SPDX-License-Identifier: GPL-3.0-or-later
/// What the bus may ask of the daemon, and what the daemon tells whoever listens. The bus knows nothing else of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/explain.hpp"
#include "core/knobs.hpp"
#include "core/result.hpp"

namespace priorityd {

/// Counters since start; they only grow.
struct Counters {
    std::uint64_t events_received = 0;   ///< Well-formed events of any kind.
    std::uint64_t events_malformed = 0;  ///< Messages that were no event: counted and ignored.
    std::uint64_t events_lost = 0;       ///< Overruns of the socket's buffer (ENOBUFS); each causes a rescan.
    std::uint64_t rescans = 0;           ///< Scans of all processes after start.
    std::uint64_t applied = 0;           ///< Settings that the kernel has taken.
    std::uint64_t failed = 0;            ///< Settings that the kernel has refused.
};

struct DaemonStatus {
    std::string version;
    std::uint32_t generation = 0;  ///< Of the policy; grows by one with each successful load.
    std::uint32_t rules = 0;
    std::vector<std::string> classes;
    std::vector<std::string> rule_files;  ///< Of the policy in force, in the order of reading.
    std::uint32_t tracked = 0;            ///< Processes that something was decided for.
    std::uint32_t overrides = 0;          ///< In force.
    Counters counters;
    Knobs knobs;
    std::string listening;  ///< How events are filtered: "proc_input", "socket filter" or "none".
    std::string thread;     ///< How the daemon's own thread is scheduled: "SCHED_RR 1", or why not.
    bool is_dry_run = false;
    Diagnostics diagnostics;  ///< Of the last attempt to load the policy.
};

/// A scoring engine, and how it has done since start.
struct EngineView {
    /// What is remembered of programs, so that nobody need be asked again.
    struct Cache {
        std::uint32_t programs = 0;
        std::uint64_t hits = 0;
        std::uint64_t misses = 0;
        std::chrono::microseconds latency{};  ///< Of the last look-up.
    };
    std::string name;
    bool is_enabled = false;
    double weight = 1;
    std::uint64_t calls = 0;     ///< Programs, or processes, that it was asked about.
    std::uint64_t votes = 0;     ///< Of how many of those it had something to say.
    std::uint64_t refused = 0;   ///< Files that are malformed or too large; rows that say what they may not.
    std::uint64_t failures = 0;  ///< Calls of an engine outside without an answer that counts; steps that were undone.
    std::string health = "ready";  ///< For a person: "ready", or why it is not asked now.
    Cache cache;
};

/// Which processes to list; empty members do not filter.
struct ProcessFilter {
    std::string class_name;
    std::string source;  ///< A part of the source: file name, or FILE:LINE.
    std::string name;    ///< Glob on the name, or on the public one.
    std::optional<Uid> uid;
};

struct ReloadReport {
    bool is_accepted = false;  ///< False: the old policy stays.
    std::uint32_t rules = 0;   ///< In force now.
    Diagnostics diagnostics;
};

class Inspection {
public:
    virtual ~Inspection() = default;
    [[nodiscard]] virtual DaemonStatus status() const = 0;
    /// Errors: ESRCH.
    [[nodiscard]] virtual Result<ProcessView> process(Pid pid) = 0;
    [[nodiscard]] virtual std::vector<ProcessView> processes(const ProcessFilter& filter) = 0;
    /// Errors: ESRCH.
    [[nodiscard]] virtual Result<Explanation> explanation(Pid pid) = 0;
    [[nodiscard]] virtual Explanation classify(const GivenFacts& facts) const = 0;
    [[nodiscard]] virtual std::vector<EngineView> engines() const = 0;
    virtual ReloadReport reload() = 0;
};

/// Told of what has changed, off the exec path. The bus and the log are listeners.
class ChangeListener {
public:
    virtual ~ChangeListener() = default;
    /// `changed`: at most 64 rows, in the order of change; `left_out`: how many more there were.
    virtual void processes_changed(const std::vector<ProcessView>& changed, std::uint32_t left_out) = 0;
    virtual void policy_reloaded(std::uint32_t generation, const ReloadReport& report) = 0;
};

}  // namespace priorityd
