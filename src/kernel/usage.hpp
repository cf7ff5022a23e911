// SPDX-License-Identifier: GPL-3.0-or-later
/// What processes use, from /proc, taskstats and their CPU clocks.
#pragma once

#include <utility>

#include "core/ports.hpp"
#include "kernel/taskstats.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

class KernelUsage final : public UsageSource {
public:
    /// Errors: those of Taskstats::open() and open(2).
    [[nodiscard]] static Result<KernelUsage> open();

    [[nodiscard]] std::vector<Pid> list() override;
    [[nodiscard]] std::optional<std::chrono::nanoseconds> cpu_time(Pid pid) override;
    [[nodiscard]] Result<Sighting> look_at(Pid pid) override;
    [[nodiscard]] std::chrono::nanoseconds spent() override;

private:
    KernelUsage(UniqueFd proc, Taskstats&& taskstats) : proc_{std::move(proc)}, taskstats_{std::move(taskstats)} {}

    UniqueFd proc_;
    Taskstats taskstats_;
};

}  // namespace priorityd::kernel
