// SPDX-License-Identifier: GPL-3.0-or-later
/// Tells that somebody waits for a CPU. As long as nobody does, it costs nothing where the kernel tells of pressure,
/// and a look every two seconds where it does not.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "core/ids.hpp"
#include "daemon/event_loop.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::daemon {

class PressureWatch {
public:
    /// `proc`: where the kernel's files are, for tests.
    explicit PressureWatch(std::string proc = "/proc") : proc_{std::move(proc)} {}

    /// Calls `on_pressure` from now on, at most once in two seconds. The loop must outlive this, or stop() be
    /// called before. Errors: EOPNOTSUPP where neither way is there.
    [[nodiscard]] Result<void> start(EventLoop& loop, const std::function<void()>& on_pressure);
    void stop();
    /// When run_due() wants to be called; empty where the kernel tells by itself.
    [[nodiscard]] std::optional<Instant> deadline() const { return due_; }
    void run_due(Instant now);
    /// "pressure trigger", "schedstat" or "none".
    [[nodiscard]] const char* kind() const;

private:
    [[nodiscard]] std::optional<std::chrono::nanoseconds> run_delay() const;

    std::string proc_;
    kernel::UniqueFd trigger_;
    EventLoop* loop_ = nullptr;  // that the trigger is watched by
    std::optional<Instant> due_;
    std::chrono::nanoseconds delay_{};
    std::function<void()> on_pressure_;
};

}  // namespace priorityd::daemon
