// SPDX-License-Identifier: GPL-3.0-or-later
/// Pressure stall information: how much time is lost by waiting for CPU, I/O or memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

enum class PressureKind : std::uint8_t { cpu, io, memory };

/// Per cent of the time in which tasks were stalled, on average over the last seconds; and in all since boot.
struct Stall {
    double avg10 = 0;  ///< 0..100, as the next two.
    double avg60 = 0;
    double avg300 = 0;
    std::chrono::microseconds total{};
    friend bool operator==(const Stall&, const Stall&) = default;
};

struct Pressure {
    Stall some;                 ///< At least one task was stalled.
    std::optional<Stall> full;  ///< All were, at the same time; CPU has it since Linux 5.13.
    friend bool operator==(const Pressure&, const Pressure&) = default;
};

/// Empty for what is not the text of such a file. Source: Documentation/accounting/psi.rst.
[[nodiscard]] std::optional<Pressure> parse_pressure(std::string_view text);

/// Reads pressure/KIND below `proc`, an open descriptor of /proc. Costs 6 us; the averages move every 2 s.
/// Errors: EOPNOTSUPP where the kernel has it switched off; EBADMSG for a text that is none.
[[nodiscard]] Result<Pressure> read_pressure(int proc, PressureKind kind);

/// How much stalling within a window is worth a notice. Source: Documentation/accounting/psi.rst, "Monitoring for
/// pressure thresholds".
struct PressureThreshold {
    std::chrono::microseconds stalled;
    /// Without CAP_SYS_RESOURCE multiples of two seconds alone.
    std::chrono::microseconds window;
};

/// A descriptor that has POLLPRI once in each window in which some task was stalled for longer than that. As long as
/// none is, nobody wakes. Errors: EOPNOTSUPP as above; those of open(2) and write(2).
[[nodiscard]] Result<UniqueFd> open_pressure_trigger(int proc, PressureKind kind, PressureThreshold threshold);

/// How long all tasks together have waited for a CPU since boot: where pressure stall information is off. `text`: of
/// /proc/schedstat. Empty for what is none. Source: Documentation/scheduler/sched-stats.rst, "CPU statistics".
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_run_delay(std::string_view text);

}  // namespace priorityd::kernel
