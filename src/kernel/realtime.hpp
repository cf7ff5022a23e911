// SPDX-License-Identifier: GPL-3.0-or-later
/// How the daemon's own thread is scheduled: before everybody else, but never for long.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>

namespace priorityd::kernel {

/// How much CPU time the thread may use without sleeping while it is a real-time one. Source: RLIMIT_RTTIME in
/// getrlimit(2).
struct RealtimeBudget {
    /// Then SIGXCPU makes it an ordinary thread. Reading a full event buffer takes 20 ms; what keeps it busy for ten
    /// times as long, a bug or a storm of events, must not keep everybody else from a CPU.
    std::chrono::microseconds until_demoted{std::chrono::milliseconds{200}};
    /// Then SIGKILL: reached only when the demotion itself has failed.
    std::chrono::microseconds until_killed{std::chrono::seconds{2}};
};

/// Holds the main thread of this process under SCHED_RR 1, so that a CPU hog does not delay it by milliseconds;
/// children start as ordinary threads. Where that is not permitted it tries a nice value of -10. At most one at a time,
/// and used by the main thread alone: limit and signal belong to the process.
class Realtime {
public:
    explicit Realtime(RealtimeBudget budget = {}) : budget_{budget} {}
    Realtime(const Realtime&) = delete;
    Realtime& operator=(const Realtime&) = delete;
    ~Realtime() { leave(); }

    /// Makes it a real-time thread; after a demotion, again, for which it must have slept since. See state_text() for
    /// what came of it.
    void enter();
    /// Makes it an ordinary thread, with the nice value, limit and signal action from before the first enter().
    void leave();

    /// True from a demotion for running too long until the next enter() or leave(). Costs no system call.
    [[nodiscard]] bool was_demoted() const;
    /// "SCHED_RR 1", or what it is instead and why.
    [[nodiscard]] std::string state_text() const;

    /// While one exists the thread is an ordinary one: for scans and reloads. They may be nested.
    class [[nodiscard]] Pause {
    public:
        explicit Pause(Realtime& realtime) : realtime_{&realtime} { realtime_->begin_pause(); }
        Pause(const Pause&) = delete;
        Pause& operator=(const Pause&) = delete;
        ~Pause() { realtime_->end_pause(); }

    private:
        Realtime* realtime_;
    };
    /// The pause must end before this object does.
    Pause pause() { return Pause{*this}; }

private:
    enum class State : std::uint8_t { off, realtime, raised, ordinary };

    void begin_pause();
    void end_pause();
    bool limit_run_time();
    bool become_realtime();
    void fall_back();
    void remember_what_was();

    RealtimeBudget budget_;
    State state_ = State::off;
    int pauses_ = 0;
    bool has_entered_ = false;
    int nice_before_ = 0;  // meaningful once has_entered_, as the next two are
    rlimit limit_before_{};
    struct sigaction action_before_ {};
    std::string why_not_;  // while state_ is raised or ordinary
};

}  // namespace priorityd::kernel
