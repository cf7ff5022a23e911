// SPDX-License-Identifier: GPL-3.0-or-later
/// SCHED_RR with a budget. Source: sched(7), getrlimit(2).
#include "kernel/realtime.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include <fmt/format.h>

#include "core/result.hpp"

namespace priorityd::kernel {

namespace {

/// The lowest real-time priority: it suffices against every ordinary thread, and leaves audio and the like in front.
constexpr int kPriority = 1;
/// Where real time is refused: about nine times the weight of an ordinary thread, of the same group.
constexpr int kFallbackNice = -10;

/// Set by the signal handler, which can be given nothing but what is global.
std::atomic<bool> demoted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "else the signal handler may not touch it");

/// RESET_ON_FORK in both directions: children never inherit it, and to take it back would need CAP_SYS_NICE.
/// Async-signal-safe: one system call.
bool schedule_main_thread(int policy, int priority)
{
    sched_param parameters{};
    parameters.sched_priority = priority;
    return ::sched_setscheduler(::getpid(), policy | SCHED_RESET_ON_FORK, &parameters) == 0;
}

extern "C" void priorityd_demote(int /*signal*/)
{
    const int errno_before = errno;
    schedule_main_thread(SCHED_OTHER, 0);
    demoted.store(true, std::memory_order_relaxed);
    errno = errno_before;
}

rlim_t microseconds(std::chrono::microseconds duration)
{
    return static_cast<rlim_t>(duration.count());
}

}  // namespace

void Realtime::enter()
{
    remember_what_was();
    demoted.store(false, std::memory_order_relaxed);
    if (!limit_run_time() || (pauses_ == 0 && !become_realtime()))
        fall_back();
    else
        state_ = State::realtime;
}

void Realtime::leave()
{
    if (state_ == State::off)
        return;
    schedule_main_thread(SCHED_OTHER, 0);
    // What cannot be put back, for want of a capability, does no harm to an ordinary thread.
    (void)::setpriority(PRIO_PROCESS, 0, nice_before_);
    (void)::setrlimit(RLIMIT_RTTIME, &limit_before_);
    (void)::sigaction(SIGXCPU, &action_before_, nullptr);
    demoted.store(false, std::memory_order_relaxed);
    has_entered_ = false;
    state_ = State::off;
}

void Realtime::remember_what_was()
{
    if (has_entered_)
        return;
    nice_before_ = ::getpriority(PRIO_PROCESS, 0);
    ::getrlimit(RLIMIT_RTTIME, &limit_before_);
    ::sigaction(SIGXCPU, nullptr, &action_before_);
    has_entered_ = true;
}

/// False, with the reason noted, when it cannot be limited: then it must not become a real-time thread.
bool Realtime::limit_run_time()
{
    struct sigaction demote {};
    demote.sa_handler = priorityd_demote;
    demote.sa_flags = SA_RESTART;
    // A hard limit that is lower already can only be raised with CAP_SYS_RESOURCE, and is as good. At each SIGXCPU the
    // kernel moves the soft limit on by a second: so both are written anew each time.
    const rlim_t hard = std::min(microseconds(budget_.until_killed), limit_before_.rlim_max);
    const rlimit limit{std::min(microseconds(budget_.until_demoted), hard), hard};
    if (::sigaction(SIGXCPU, &demote, nullptr) == 0 && ::setrlimit(RLIMIT_RTTIME, &limit) == 0)
        return true;
    why_not_ = Error{errno, "setrlimit(RLIMIT_RTTIME)"}.message();
    return false;
}

bool Realtime::become_realtime()
{
    if (schedule_main_thread(SCHED_RR, kPriority))
        return true;
    why_not_ = Error{errno, fmt::format("sched_setscheduler(SCHED_RR {})", kPriority)}.message() +
               " (CAP_SYS_NICE is missing, or the cgroup has no real-time budget)";
    return false;
}

void Realtime::fall_back()
{
    // First so that children do not inherit the nice value.
    schedule_main_thread(SCHED_OTHER, 0);
    const bool is_raised = ::setpriority(PRIO_PROCESS, 0, kFallbackNice) == 0;
    state_ = is_raised ? State::raised : State::ordinary;
}

bool Realtime::was_demoted() const
{
    return state_ == State::realtime && demoted.load(std::memory_order_relaxed);
}

std::string Realtime::state_text() const
{
    switch (state_) {
        case State::off: return "SCHED_OTHER: real-time scheduling is switched off";
        case State::raised: return fmt::format("SCHED_OTHER, nice {}: {}", kFallbackNice, why_not_);
        case State::ordinary: return "SCHED_OTHER: " + why_not_;
        case State::realtime: break;
    }
    if (was_demoted())
        return fmt::format("SCHED_OTHER: demoted after running for {} ms without a pause",
                           std::chrono::duration_cast<std::chrono::milliseconds>(budget_.until_demoted).count());
    return fmt::format("SCHED_RR {}", kPriority);
}

void Realtime::begin_pause()
{
    if (pauses_++ == 0 && state_ == State::realtime)
        schedule_main_thread(SCHED_OTHER, 0);
}

void Realtime::end_pause()
{
    if (--pauses_ == 0 && state_ == State::realtime && !was_demoted() && !become_realtime())
        fall_back();
}

}  // namespace priorityd::kernel
