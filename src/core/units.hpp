// SPDX-License-Identifier: GPL-3.0-or-later
/// The values that settings can have, each with its range in its type: a value that exists is valid.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace priorityd {

/// An integer from Low to High, both allowed. `Tag` keeps two such types apart.
template <typename Tag, int Low, int High>
class Bounded {
public:
    static constexpr int kLow = Low;
    static constexpr int kHigh = High;

    /// Empty when `value` is out of range: refused, never clamped.
    [[nodiscard]] static constexpr std::optional<Bounded> make(std::int64_t value)
    {
        if (value < Low || value > High)
            return std::nullopt;
        return Bounded{static_cast<int>(value)};
    }
    [[nodiscard]] constexpr int value() const { return value_; }

    friend constexpr bool operator==(const Bounded&, const Bounded&) = default;
    friend constexpr std::strong_ordering operator<=>(const Bounded&, const Bounded&) = default;

private:
    explicit constexpr Bounded(int value) : value_{value} {}
    int value_;
};

/// Nice value, lower is more CPU. Source: setpriority(2).
using Nice = Bounded<struct NiceTag, -20, 19>;
/// Badness offset of the out-of-memory killer. Source: proc(5), oom_score_adj.
using OomScoreAdj = Bounded<struct OomScoreAdjTag, -1000, 1000>;
/// Utilisation clamp in per cent of the largest CPU's capacity. Source: sched_setattr(2).
using UclampPercent = Bounded<struct UclampTag, 0, 100>;
/// Weight of a cgroup for block I/O. Source: cgroup v2, io.weight.
using IoWeight = Bounded<struct IoWeightTag, 1, 10000>;

/// Weight of a cgroup for CPU time, or "idle" (cpu.idle = 1). Source: cgroup v2, cpu.weight.
struct CpuWeight {
    static constexpr int kIdle = 0;
    int value = 100;  ///< 1..10000, or kIdle.

    [[nodiscard]] static std::optional<CpuWeight> make(std::int64_t value);
    friend bool operator==(const CpuWeight&, const CpuWeight&) = default;
};

/// Scheduling policy with its static priority. Source: sched(7).
struct SchedPolicy {
    enum class Kind : std::uint8_t { other, batch, idle, fifo, rr };
    Kind kind = Kind::other;
    int priority = 0;  ///< 1..99 for fifo and rr, else 0.

    [[nodiscard]] bool is_realtime() const { return kind == Kind::fifo || kind == Kind::rr; }
    friend bool operator==(const SchedPolicy&, const SchedPolicy&) = default;
};

/// I/O priority class and level. Source: ioprio_set(2).
struct IoPriority {
    enum class Class : std::uint8_t { none, realtime, best_effort, idle };
    Class io_class = Class::none;
    int level = 0;  ///< 0 (first) .. 7 for realtime and best_effort, else 0.

    friend bool operator==(const IoPriority&, const IoPriority&) = default;
};

/// Custom EEVDF slice, 100 us .. 100 ms: the range to which Linux 6.12 and later clamp it. Source:
/// kernel/sched/syscalls.c.
struct Slice {
    std::chrono::microseconds length{};

    [[nodiscard]] static std::optional<Slice> make(std::chrono::nanoseconds length);
    friend bool operator==(const Slice&, const Slice&) = default;
};

/// How late the kernel may fire a thread's timers, in order to join wake-ups. Source: PR_SET_TIMERSLACK in prctl(2).
struct TimerSlack {
    std::chrono::nanoseconds length{};  ///< 1 ns .. 4 s.

    [[nodiscard]] static std::optional<TimerSlack> make(std::chrono::nanoseconds length);
    friend bool operator==(const TimerSlack&, const TimerSlack&) = default;
};

/// What children of a process start from.
enum class ChildrenPolicy : std::uint8_t { inherit, reset };

/// A set of logical CPUs by number.
class CpuSet {
public:
    /// The largest NR_CPUS that Linux can be built with on x86-64. Source: arch/x86/Kconfig.
    static constexpr int kMaxCpus = 8192;

    /// Reads the kernel's list format, "0-3,8". Empty for anything else, a backward range or a CPU >= kMaxCpus.
    [[nodiscard]] static std::optional<CpuSet> parse(std::string_view list);

    void add(int cpu);  ///< `cpu` in 0..kMaxCpus-1.
    [[nodiscard]] bool contains(int cpu) const;
    [[nodiscard]] bool empty() const { return words_.empty(); }
    [[nodiscard]] int count() const;
    [[nodiscard]] CpuSet minus(const CpuSet& other) const;
    [[nodiscard]] CpuSet intersect(const CpuSet& other) const;
    [[nodiscard]] CpuSet joined(const CpuSet& other) const;
    [[nodiscard]] std::string to_text() const;  ///< The list format: "0-3,8".
    /// Calls visit(cpu) for each, the least first.
    template <typename Visit>
    void each(Visit visit) const
    {
        constexpr int kBitsPerWord = 64;
        for (int cpu = 0; cpu < static_cast<int>(words_.size()) * kBitsPerWord; ++cpu) {
            if (contains(cpu))
                visit(cpu);
        }
    }
    /// The bits, least CPU first, without trailing zero words: what sched_setaffinity(2) takes.
    [[nodiscard]] const std::vector<std::uint64_t>& words() const { return words_; }

    friend bool operator==(const CpuSet&, const CpuSet&) = default;

private:
    void trim();
    std::vector<std::uint64_t> words_;  // no trailing zero word, so that equal sets compare equal
};

/// A set of CPUs that the machine's topology defines: "all", "performance", "numa:0", "llc:auto" …
struct CpuSetName {
    std::string text;

    /// Empty unless `text` is one of the names of the rule language.
    [[nodiscard]] static std::optional<CpuSetName> make(std::string_view text);
    friend bool operator==(const CpuSetName&, const CpuSetName&) = default;
};
using CpuChoice = std::variant<CpuSet, CpuSetName>;

/// Reads "100us", "3ms", "1.5ms", "2s", "50ns". Empty without a unit, on overflow or a negative number.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// The shortest exact spelling that parse_duration reads back.
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds duration);

}  // namespace priorityd
