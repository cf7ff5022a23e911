// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/pressure_watch.hpp"

#include <fcntl.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "kernel/pressure.hpp"
#include "kernel/small_file.hpp"

namespace priorityd::daemon {
namespace {

using namespace std::chrono_literals;

/// Two in a hundred of the time: programs that a person uses beside a busy loop on each CPU wait for more, and a
/// machine with nothing much to do for less.
constexpr kernel::PressureThreshold kThreshold{.stalled = 40ms, .window = 2s};
constexpr auto kPoll = 2s;
/// Eight hundred CPUs.
constexpr std::size_t kSchedstatBytes = 1U << 18U;

}  // namespace

Result<void> PressureWatch::start(EventLoop& loop, const std::function<void()>& on_pressure)
{
    on_pressure_ = on_pressure;
    const kernel::UniqueFd proc{::open(proc_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    auto trigger = kernel::open_pressure_trigger(proc.get(), kernel::PressureKind::cpu, kThreshold);
    if (trigger) {
        trigger_ = *std::move(trigger);
        loop_ = &loop;
        loop.watch_exceptions(trigger_.get(), on_pressure_);
        return {};
    }
    const auto delay = run_delay();
    if (!delay)
        return tl::unexpected(trigger.error());
    delay_ = *delay;
    due_ = Instant::clock::now() + kPoll;
    return {};
}

void PressureWatch::stop()
{
    if (loop_)
        loop_->watch_exceptions(-1, {});
    loop_ = nullptr;
    trigger_.reset();
    due_.reset();
}

void PressureWatch::run_due(Instant now)
{
    if (!due_ || *due_ > now)
        return;
    due_ = now + kPoll;
    const auto delay = run_delay();
    if (delay && *delay - std::exchange(delay_, *delay) >= kThreshold.stalled)
        on_pressure_();
}

std::optional<std::chrono::nanoseconds> PressureWatch::run_delay() const
{
    const kernel::UniqueFd proc{::open(proc_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    std::vector<char> buffer(kSchedstatBytes);
    const auto text = kernel::read_small_file(proc.get(), "schedstat", buffer);
    return text ? kernel::parse_run_delay(*text) : std::nullopt;
}

const char* PressureWatch::kind() const
{
    if (trigger_)
        return "pressure trigger";
    return due_ ? "schedstat" : "none";
}

}  // namespace priorityd::daemon
