// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/event_loop.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <systemd/sd-event.h>

namespace priorityd::daemon {
namespace {

/// Timers here are for coalescing: a millisecond more or less does not matter, and lets the kernel join wake-ups.
constexpr std::uint64_t kAccuracyUsec = 1000;

template <typename State>
int call(void* userdata)
{
    static_cast<State*>(userdata)->call();
    return 0;
}

std::uint64_t usec(Instant when)
{
    const auto since_boot = std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch());
    return static_cast<std::uint64_t>(since_boot.count());
}

}  // namespace

Source::State::~State()
{
    if (source) {
        // Without this a source that is being dispatched would stay in the loop with a dangling callback.
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        sd_event_source_unref(source);
    }
}

void Source::enable()
{
    if (state_)
        sd_event_source_set_enabled(state_->source, state_->is_once ? SD_EVENT_ONESHOT : SD_EVENT_ON);
}

void Source::disable()
{
    if (state_)
        sd_event_source_set_enabled(state_->source, SD_EVENT_OFF);
}

void Timer::arm(Instant when)
{
    sd_event_source_set_time(state_->source, usec(when));
    enable();
}

bool Timer::is_armed() const
{
    return state_ && sd_event_source_get_enabled(state_->source, nullptr) > 0;
}

void EventLoop::Unref::operator()(sd_event* event) const
{
    sd_event_unref(event);
}

Result<EventLoop> EventLoop::open()
{
    sd_event* event = nullptr;
    if (const int answer = sd_event_new(&event); answer < 0)
        return failure(-answer, "sd_event_new");
    return EventLoop{event};
}

Result<Source> EventLoop::finish(std::unique_ptr<Source::State> state, int answer, Priority priority, const char* doing)
{
    if (answer >= 0)
        answer = sd_event_source_set_priority(state->source, static_cast<std::int64_t>(priority));
    if (answer < 0)
        return failure(-answer, doing);
    return Source{std::move(state)};
}

Result<Source> EventLoop::watch_fd(int fd, Priority priority, Source::Callback callback)
{
    auto state = std::make_unique<Source::State>(std::move(callback));
    const auto handler = [](sd_event_source*, int, std::uint32_t, void* data) { return call<Source::State>(data); };
    const int answer = sd_event_add_io(event_.get(), &state->source, fd, EPOLLIN, handler, state.get());
    return finish(std::move(state), answer, priority, "sd_event_add_io");
}

Result<Source> EventLoop::watch_signal(int signal, Priority priority, Source::Callback callback)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, signal);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
    auto state = std::make_unique<Source::State>(std::move(callback));
    const auto handler = [](sd_event_source*, const signalfd_siginfo*, void* data) {
        return call<Source::State>(data);
    };
    const int answer = sd_event_add_signal(event_.get(), &state->source, signal, handler, state.get());
    return finish(std::move(state), answer, priority, "sd_event_add_signal");
}

Result<Timer> EventLoop::add_timer(Priority priority, Source::Callback callback)
{
    auto state = std::make_unique<Source::State>(std::move(callback));
    state->is_once = true;
    const auto handler = [](sd_event_source*, std::uint64_t, void* data) { return call<Source::State>(data); };
    const int answer =
        sd_event_add_time(event_.get(), &state->source, CLOCK_MONOTONIC, 0, kAccuracyUsec, handler, state.get());
    auto source = finish(std::move(state), answer, priority, "sd_event_add_time");
    if (!source)
        return tl::unexpected(source.error());
    source->disable();
    return Timer{*std::move(source)};
}

Result<Source> EventLoop::add_work(Priority priority, Source::Callback callback)
{
    auto state = std::make_unique<Source::State>(std::move(callback));
    state->is_once = true;
    const auto handler = [](sd_event_source*, void* data) { return call<Source::State>(data); };
    const int answer = sd_event_add_defer(event_.get(), &state->source, handler, state.get());
    auto source = finish(std::move(state), answer, priority, "sd_event_add_defer");
    if (source)
        source->disable();
    return source;
}

Result<void> EventLoop::answer_watchdog()
{
    if (const int answer = sd_event_set_watchdog(event_.get(), true); answer < 0)
        return failure(-answer, "sd_event_set_watchdog");
    return {};
}

bool EventLoop::First::is_due() const
{
    return again && *again <= Instant::clock::now();
}

int EventLoop::First::patience() const
{
    if (!again)
        return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*again - Instant::clock::now());
    return static_cast<int>(std::max(left, std::chrono::milliseconds{0}).count());
}

Result<void> EventLoop::serve_first(bool may_wait)
{
    for (;;) {
        std::array<pollfd, 3> watched{
            {{first_.fd, POLLIN, 0}, {sd_event_get_fd(event_.get()), POLLIN, 0}, {exceptional_.fd, POLLPRI, 0}}};
        if (::poll(watched.data(), watched.size(), may_wait ? first_.patience() : 0) < 0 && errno != EINTR)
            return failure(errno, "poll");
        const bool is_exception = (watched[2].revents & POLLPRI) != 0;
        if (is_exception) {
            const auto call = exceptional_.call;  // it may be replaced
            call();
        }
        if (watched[0].revents == 0 && !first_.is_due())
            return {};
        const auto call = first_.call;  // it may be replaced
        const Rest rest = call();
        first_.again = rest.again;
        if (!may_wait || is_exception || watched[1].revents != 0 || rest.concerns_loop)
            return {};
    }
}

/// One round of what sd_event_run(3) does, with the first descriptor before it.
Result<void> EventLoop::take_turn()
{
    int pending = sd_event_prepare(event_.get());
    if (pending < 0)
        return failure(-pending, "sd_event_prepare");
    if (auto served = serve_first(pending == 0); !served)
        return served;
    if (pending == 0)
        pending = sd_event_wait(event_.get(), 0);
    const int done = pending > 0 ? sd_event_dispatch(event_.get()) : pending;
    if (done < 0)
        return failure(-done, "sd_event_dispatch");
    return {};
}

Result<int> EventLoop::run()
{
    while (sd_event_get_state(event_.get()) != SD_EVENT_FINISHED) {
        if (auto taken = take_turn(); !taken)
            return tl::unexpected(taken.error());
    }
    int exit_status = 0;
    sd_event_get_exit_code(event_.get(), &exit_status);
    return exit_status;
}

void EventLoop::stop(int exit_status)
{
    sd_event_exit(event_.get(), exit_status);
}

}  // namespace priorityd::daemon
