// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/disk_thread.hpp"

#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <system_error>

namespace priorityd::daemon {
namespace {

void raise_signal(const kernel::UniqueFd& event)
{
    const std::uint64_t one = 1;
    // Fails only when the counter is full, and then it is readable anyway.
    while (::write(event.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
}

/// Waits for it, unless the descriptor is a nonblocking one.
void lower_signal(const kernel::UniqueFd& event)
{
    std::uint64_t count = 0;
    while (::read(event.get(), &count, sizeof count) < 0 && errno == EINTR) {
    }
}

/// A thread inherits the real-time policy of its creator unless that has RESET_ON_FORK.
void become_ordinary()
{
    const sched_param parameters{};
    ::sched_setscheduler(0, SCHED_OTHER, &parameters);
}

}  // namespace

Result<std::unique_ptr<DiskThread>> DiskThread::open()
{
    kernel::UniqueFd waiting{::eventfd(0, EFD_CLOEXEC)};
    kernel::UniqueFd finished{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!waiting || !finished)
        return failure(errno, "eventfd");
    return std::unique_ptr<DiskThread>{new DiskThread{std::move(waiting), std::move(finished)}};
}

DiskThread::~DiskThread()
{
    if (!thread_.joinable())
        return;
    {
        const std::lock_guard lock{mutex_};
        is_ending_ = true;
    }
    raise_signal(waiting_signal_);
    thread_.join();
}

void DiskThread::hand_over(Work work, Done done)
{
    Errands errand;
    errand.push_back({std::move(work), std::move(done), {}});
    if (auto started = start(); !started) {
        errand.front().result = std::move(started);
        return finish(std::move(errand));
    }
    {
        const std::lock_guard lock{mutex_};
        waiting_.splice(waiting_.end(), errand);
    }
    raise_signal(waiting_signal_);
}

void DiskThread::dispatch()
{
    lower_signal(finished_signal_);
    Errands finished;
    {
        const std::lock_guard lock{mutex_};
        finished.swap(finished_);
    }
    for (auto& errand : finished)
        errand.done(std::move(errand.result));
}

Result<void> DiskThread::start()
{
    if (thread_.joinable())
        return {};
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // inherited: signals are for the daemon's own thread
    Result<void> result;
    try {
        thread_ = std::thread{[this] { run(); }};
    } catch (const std::system_error& error) {
        result = failure(error.code().value(), "pthread_create");
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return result;
}

void DiskThread::run()
{
    become_ordinary();
    for (;;) {
        lower_signal(waiting_signal_);
        run_waiting();
        const std::lock_guard lock{mutex_};
        if (is_ending_ && waiting_.empty())
            return;
    }
}

void DiskThread::run_waiting()
{
    for (auto errand = take_first_waiting(); !errand.empty(); errand = take_first_waiting()) {
        errand.front().result = errand.front().work();
        finish(std::move(errand));
    }
}

DiskThread::Errands DiskThread::take_first_waiting()
{
    Errands first;
    const std::lock_guard lock{mutex_};
    if (!waiting_.empty())
        first.splice(first.end(), waiting_, waiting_.begin());
    return first;
}

void DiskThread::finish(Errands errands)
{
    {
        const std::lock_guard lock{mutex_};
        finished_.splice(finished_.end(), errands);
    }
    raise_signal(finished_signal_);
}

}  // namespace priorityd::daemon
