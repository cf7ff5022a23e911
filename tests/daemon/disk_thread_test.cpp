// SPDX-License-Identifier: GPL-3.0-or-later
/// Work on another thread, and what of it comes back.
#include "daemon/disk_thread.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "daemon/eventually.hpp"
#include "kernel/in_child.hpp"
#include "kernel/skip.hpp"

using namespace priorityd;
using namespace priorityd::daemon;

namespace {

/// Of this process; a sanitizer may have one of its own.
std::ptrdiff_t count_threads()
{
    const std::filesystem::directory_iterator tasks{"/proc/self/task"};
    return std::distance(begin(tasks), end(tasks));
}

}  // namespace

TEST_CASE("what comes of the work is told in dispatch, in the order of handing over")
{
    auto thread = *DiskThread::open();
    std::vector<int> worked;
    std::vector<int> done;
    for (int i = 0; i < 100; ++i) {
        thread->hand_over(
            [&worked, i]() -> Result<void> {
                worked.push_back(i);
                if (i % 2 == 1)
                    return failure(i, "odd");
                return {};
            },
            [&done, i](const Result<void>& result) {
                CHECK(result.has_value() == (i % 2 == 0));
                CHECK((result ? 0 : result.error().code) == (i % 2 == 0 ? 0 : i));
                done.push_back(i);
            });
        CHECK(done.size() < 100);
    }
    REQUIRE(dispatch_until(*thread, [&] { return done.size() == 100; }));
    CHECK(std::ranges::is_sorted(done));
    CHECK(done == worked);
}

TEST_CASE("nothing is told before dispatch, and nothing twice")
{
    auto thread = *DiskThread::open();
    CHECK_FALSE(is_readable(thread->fd(), std::chrono::milliseconds{0}));
    int told = 0;
    thread->hand_over([]() -> Result<void> { return {}; }, [&](const Result<void>&) { ++told; });
    REQUIRE(is_readable(thread->fd(), kPatience));
    CHECK(told == 0);
    thread->dispatch();
    CHECK(told == 1);
    thread->dispatch();
    CHECK(told == 1);
    CHECK_FALSE(is_readable(thread->fd(), std::chrono::milliseconds{0}));
}

TEST_CASE("work that is handed over while something is told is done too")
{
    auto thread = *DiskThread::open();
    bool is_second_done = false;
    thread->hand_over([]() -> Result<void> { return {}; },
                      [&](const Result<void>&) {
                          thread->hand_over([]() -> Result<void> { return {}; },
                                            [&](const Result<void>&) { is_second_done = true; });
                      });
    CHECK(dispatch_until(*thread, [&] { return is_second_done; }));
}

TEST_CASE("the end waits for the work that was handed over, and tells nothing more")
{
    std::atomic<int> worked = 0;
    int told = 0;
    {
        auto thread = *DiskThread::open();
        for (int i = 0; i < 1000; ++i)
            thread->hand_over(
                [&]() -> Result<void> {
                    ++worked;
                    return {};
                },
                [&](const Result<void>&) { ++told; });
    }
    CHECK(worked == 1000);
    CHECK(told == 0);
}

TEST_CASE("without work there is no thread")
{
    // In a process of its own: threads of earlier tests may still be on their way out.
    const auto started = kernel::in_child([] {
        const auto before = count_threads();
        auto thread = *DiskThread::open();
        const auto idle = count_threads() - before;
        thread->hand_over([]() -> Result<void> { return {}; }, [](const Result<void>&) {});
        return fmt::format("{} idle, {} at work", idle, count_threads() - before);
    });
    CHECK(started == "0 idle, 1 at work");
}

TEST_CASE("the thread is an ordinary one, with all signals blocked, whatever its creator is")
{
    const auto seen = kernel::in_child([]() -> std::string {
        sched_param parameters{};
        parameters.sched_priority = 1;
        if (::sched_setscheduler(0, SCHED_RR, &parameters) != 0)
            return "refused";
        std::string text;
        auto thread = *DiskThread::open();
        thread->hand_over(
            [&text]() -> Result<void> {
                sigset_t blocked;
                ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
                text = fmt::format("policy {} SIGTERM {} SIGXCPU {}", ::sched_getscheduler(0),
                                   ::sigismember(&blocked, SIGTERM), ::sigismember(&blocked, SIGXCPU));
                return {};
            },
            [](const Result<void>&) {});
        thread.reset();
        sigset_t own;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &own);
        return text + fmt::format(", own SIGTERM {}", ::sigismember(&own, SIGTERM));
    });
    if (seen == "refused")
        return kernel::skip("no real-time scheduling here");
    CHECK(seen == fmt::format("policy {} SIGTERM 1 SIGXCPU 1, own SIGTERM 0", SCHED_OTHER));
}

TEST_CASE("where there can be no thread, that is told like any other failure")
{
    const auto told = kernel::in_child([]() -> std::string {
        const rlimit none{0, 0};
        if (!kernel::become_nobody() || ::setrlimit(RLIMIT_NPROC, &none) != 0)
            return "refused";
        std::string text;
        auto thread = *DiskThread::open();
        thread->hand_over(
            []() -> Result<void> { return failure(0, "there was a thread"); },
            [&text](const Result<void>& result) { text = result ? "success" : result.error().message(); });
        return dispatch_until(*thread, [&] { return !text.empty(); }) ? text : "never told";
    });
    if (told == "refused")
        return kernel::skip("cannot become another user here");
    CHECK(told == "pthread_create: Resource temporarily unavailable");
}
