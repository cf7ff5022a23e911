// SPDX-License-Identifier: GPL-3.0-or-later
/// The event loop: sd-event with registrations that end with their owner, and one descriptor that comes before it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "core/ids.hpp"
#include "core/result.hpp"

struct sd_event;
struct sd_event_source;

namespace priorityd::daemon {

/// What comes first when several things are pending. Sources of one priority take turns.
enum class Priority : std::int8_t {
    work = -10,    ///< Scans, in small steps.
    requests = 0,  ///< D-Bus, signals.
    later = 10,    ///< Publishing, sessions.
};

/// One registration; it ends when this object does. The callback may destroy it.
class Source {
public:
    using Callback = std::function<void()>;

    Source() = default;
    Source(Source&&) noexcept = default;
    Source& operator=(Source&&) noexcept = default;

    void enable();  ///< From now on; for timers and work: once.
    void disable();

protected:
    friend class EventLoop;
    struct State {
        explicit State(Callback callback) : call{std::move(callback)} {}
        State(const State&) = delete;
        State& operator=(const State&) = delete;
        ~State();
        Callback call;
        sd_event_source* source = nullptr;
        bool is_once = false;
    };
    explicit Source(std::unique_ptr<State> state) : state_{std::move(state)} {}
    std::unique_ptr<State> state_;
};

/// Calls back once at a given instant.
class Timer : public Source {
public:
    Timer() = default;
    void arm(Instant when);
    [[nodiscard]] bool is_armed() const;

private:
    friend class EventLoop;
    explicit Timer(Source&& source) : Source{std::move(source)} {}
};

class EventLoop {
public:
    [[nodiscard]] static Result<EventLoop> open();
    EventLoop(EventLoop&&) noexcept = default;
    EventLoop& operator=(EventLoop&&) noexcept = default;

    /// What the callback of watch_first() leaves.
    struct Rest {
        /// When it is called again, even if there is nothing to read by then.
        std::optional<Instant> again;
        /// Whether it has done anything that this loop takes part in: armed a timer, sent a message. If not, the loop
        /// waits again at once.
        bool concerns_loop = true;
    };
    /// Calls back while `fd` is readable, once before each other thing that the loop does: neither starves the other.
    /// Not through sd-event, whose way from the wake-up to a callback and back is long and its code cold: this is for
    /// what a starting program waits for. There is one; the next call replaces it, also from within the callback. The
    /// fd stays the caller's and must outlive that.
    void watch_first(int fd, std::function<Rest()> callback) { first_ = {fd, std::move(callback), {}}; }
    /// Calls back for each exceptional condition (POLLPRI) of `fd`. Not through sd-event either: the kernel tells of
    /// pressure once, and to wait for the descriptor that sd-event waits with would be to be told. There is one; the
    /// next call replaces it, a negative fd ends it. Source: psi_trigger_poll() in kernel/sched/psi.c.
    void watch_exceptions(int fd, std::function<void()> callback) { exceptional_ = {fd, std::move(callback)}; }
    /// Calls back while `fd` is readable. The fd stays the caller's and must outlive the source.
    [[nodiscard]] Result<Source> watch_fd(int fd, Priority priority, Source::Callback callback);
    /// Blocks the signal and calls back when it comes.
    [[nodiscard]] Result<Source> watch_signal(int signal, Priority priority, Source::Callback callback);
    /// Disarmed at first.
    [[nodiscard]] Result<Timer> add_timer(Priority priority, Source::Callback callback);
    /// Disabled at first; after enable() it is called once in its turn.
    [[nodiscard]] Result<Source> add_work(Priority priority, Source::Callback callback);

    /// From now on the service manager, where it asks for it ($WATCHDOG_USEC), is told that the loop turns. That wakes
    /// the loop once in half the time that it is given. Errors: those of sd_event_set_watchdog(3).
    [[nodiscard]] Result<void> answer_watchdog();

    /// Runs until stop(). Errors: those of sd_event_run(3) and poll(2).
    [[nodiscard]] Result<int> run();
    void stop(int exit_status);
    [[nodiscard]] sd_event* native() const { return event_.get(); }

private:
    struct Unref {
        void operator()(sd_event* event) const;
    };
    explicit EventLoop(sd_event* event) : event_{event} {}
    [[nodiscard]] static Result<Source> finish(std::unique_ptr<Source::State> state, int answer, Priority priority,
                                               const char* doing);

    /// Waits until sd-event has something to do, and serves the first descriptor meanwhile; or serves it at most once.
    [[nodiscard]] Result<void> serve_first(bool may_wait);
    [[nodiscard]] Result<void> take_turn();

    struct First {
        int fd = -1;  // poll(2) passes over negative ones
        std::function<Rest()> call;
        std::optional<Instant> again;

        [[nodiscard]] bool is_due() const;
        /// In milliseconds, as poll(2) takes it.
        [[nodiscard]] int patience() const;
    };
    struct Exceptional {
        int fd = -1;
        std::function<void()> call;
    };
    std::unique_ptr<sd_event, Unref> event_;
    First first_;
    Exceptional exceptional_;
};

}  // namespace priorityd::daemon
