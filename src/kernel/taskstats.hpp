// SPDX-License-Identifier: GPL-3.0-or-later
/// taskstats: what the kernel has counted of a process, all its threads together, in one question. /proc tells it
/// thread by thread, which costs a server's process milliseconds. Source: Documentation/accounting/taskstats.rst.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/ids.hpp"
#include "core/result.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

/// Of the threads that live. When one ends, what was counted of it is gone.
struct TaskTotals {
    std::chrono::nanoseconds run{};    ///< On a CPU.
    std::chrono::nanoseconds delay{};  ///< Runnable, and waiting for a CPU.
    std::uint64_t turns = 0;           ///< How often one was put on a CPU.
    std::uint64_t sleeps = 0;          ///< Voluntary context switches.
    std::uint64_t preemptions = 0;     ///< Involuntary ones.
    friend bool operator==(const TaskTotals&, const TaskTotals&) = default;
};

/// The question for a thread group. `family`: the number that this kernel has given to taskstats.
[[nodiscard]] std::vector<std::byte> taskstats_request(std::uint16_t family, Pid process);
/// Errors: what the kernel has answered instead (ESRCH, EPERM); EBADMSG for bytes that are no answer.
[[nodiscard]] Result<TaskTotals> parse_taskstats(std::span<const std::byte> answer);

/// The question for that number, and its answer. Source: linux/genetlink.h. Errors as above; ENOENT where the kernel is
/// built without CONFIG_TASKSTATS, or this is a network namespace of its own.
[[nodiscard]] std::vector<std::byte> family_request();
[[nodiscard]] Result<std::uint16_t> parse_family(std::span<const std::byte> answer);

class Taskstats {
public:
    /// Errors: ENOENT as above; those of socket(2).
    [[nodiscard]] static Result<Taskstats> open();
    /// Costs 7 us, and 0.04 more for each thread. Errors: ESRCH; EPERM without CAP_NET_ADMIN.
    [[nodiscard]] Result<TaskTotals> of(Pid process);

private:
    Taskstats(UniqueFd socket, std::uint16_t family) : socket_{std::move(socket)}, family_{family} {}

    UniqueFd socket_;
    std::uint16_t family_;
};

}  // namespace priorityd::kernel
