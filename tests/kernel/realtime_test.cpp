// SPDX-License-Identifier: GPL-3.0-or-later
/// The daemon's own thread under SCHED_RR, in child processes: limits and policies end with them.
#include "kernel/realtime.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include "in_child.hpp"
#include "skip.hpp"

namespace priorityd::kernel {

namespace {

using std::chrono::milliseconds;

/// Of the calling thread.
std::string policy()
{
    switch (::sched_getscheduler(0)) {
        case SCHED_OTHER: return "other";
        case SCHED_OTHER | SCHED_RESET_ON_FORK: return "other, reset";
        case SCHED_RR | SCHED_RESET_ON_FORK: return "rr, reset";
        default: return "another";
    }
}

bool is_refused()
{
    return in_child([] {
               Realtime realtime;
               realtime.enter();
               return realtime.state_text();
           }) != "SCHED_RR 1";
}

/// Uses CPU time until it is demoted, or for as long as a broken demotion would take to show.
void spin(const Realtime& realtime)
{
    const auto end = std::chrono::steady_clock::now() + milliseconds{900};
    while (!realtime.was_demoted() && std::chrono::steady_clock::now() < end) {
    }
}

/// Small, so that the tests are quick; still several ticks of a kernel with HZ = 100.
constexpr RealtimeBudget kSmallBudget{milliseconds{60}, milliseconds{1500}};

}  // namespace

TEST_CASE("entered, the thread is a real-time one whose children are not")
{
    if (is_refused())
        return skip("real-time scheduling is not permitted");
    CHECK(in_child([] {
              Realtime realtime;
              realtime.enter();
              return realtime.state_text() + "; " + policy() + "; child: " + in_child(policy);
          }) == "SCHED_RR 1; rr, reset; child: other");
}

TEST_CASE("before it is entered nothing is changed, and it says so")
{
    CHECK(in_child([] {
              Realtime realtime;
              return realtime.state_text() + "; " + policy();
          }) == "SCHED_OTHER: real-time scheduling is switched off; other");
}

TEST_CASE("the time that the thread may run without sleeping is limited")
{
    if (is_refused())
        return skip("real-time scheduling is not permitted");
    CHECK(in_child([] {
              Realtime realtime;
              realtime.enter();
              rlimit limit{};
              ::getrlimit(RLIMIT_RTTIME, &limit);
              return std::to_string(limit.rlim_cur) + " " + std::to_string(limit.rlim_max);
          }) == "200000 2000000");
}

TEST_CASE("pauses nest: the last one to end makes it real-time again")
{
    if (is_refused())
        return skip("real-time scheduling is not permitted");
    CHECK(in_child([] {
              Realtime realtime;
              realtime.enter();
              std::string seen;
              {
                  const auto outer = realtime.pause();
                  {
                      const auto inner = realtime.pause();
                      seen += policy() + "; ";
                  }
                  seen += policy() + "; ";
              }
              return seen + policy();
          }) == "other, reset; other, reset; rr, reset");
}

TEST_CASE("entered during a pause, it becomes real-time at its end")
{
    if (is_refused())
        return skip("real-time scheduling is not permitted");
    CHECK(in_child([] {
              Realtime realtime;
              std::string seen;
              {
                  const auto pause = realtime.pause();
                  realtime.enter();
                  seen = policy() + "; ";
              }
              return seen + policy();
          }) == "other; rr, reset");
}

TEST_CASE("a thread that runs for too long is demoted, and can enter again after a sleep")
{
    if (is_refused())
        return skip("real-time scheduling is not permitted");
    CHECK(in_child([] {
              Realtime realtime{kSmallBudget};
              realtime.enter();
              spin(realtime);
              std::string seen = realtime.state_text() + "; " + policy() + "; ";
              ::usleep(1000);
              realtime.enter();
              seen += realtime.state_text() + "; " + policy() + "; ";
              spin(realtime);
              return seen + policy();
          }) ==
          "SCHED_OTHER: demoted after running for 60 ms without a pause; other, reset; "
          "SCHED_RR 1; rr, reset; other, reset");
}

TEST_CASE("a pause ending after a demotion does not undo it")
{
    if (is_refused())
        return skip("real-time scheduling is not permitted");
    CHECK(in_child([] {
              Realtime realtime{kSmallBudget};
              realtime.enter();
              spin(realtime);
              {
                  const auto pause = realtime.pause();
              }
              return policy() + (realtime.was_demoted() ? "; demoted" : "");
          }) == "other, reset; demoted");
}

TEST_CASE("long work within a pause is not counted")
{
    if (is_refused())
        return skip("real-time scheduling is not permitted");
    CHECK(in_child([] {
              Realtime realtime{kSmallBudget};
              realtime.enter();
              {
                  const auto pause = realtime.pause();
                  const auto end = std::chrono::steady_clock::now() + milliseconds{150};
                  while (std::chrono::steady_clock::now() < end) {
                  }
              }
              return realtime.state_text();
          }) == "SCHED_RR 1");
}

TEST_CASE("leaving makes it an ordinary thread again, and gives SIGXCPU back")
{
    if (is_refused())
        return skip("real-time scheduling is not permitted");
    CHECK(in_child([] {
              {
                  Realtime realtime;
                  realtime.enter();
              }
              struct sigaction after {};
              ::sigaction(SIGXCPU, nullptr, &after);
              return policy() + (after.sa_handler == SIG_DFL ? "; default action" : "; another action");
          }) == "other, reset; default action");
}

TEST_CASE("without the capability the daemon runs on and says why")
{
    if (::geteuid() != 0)
        return skip("not root");
    const auto text = in_child([] {
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_RTPRIO, &none);
        ::setrlimit(RLIMIT_NICE, &none);
        if (!become_nobody())
            return std::string{"root for ever"};
        Realtime realtime;
        realtime.enter();
        {
            const auto pause = realtime.pause();
        }
        return realtime.state_text() + "; " + (realtime.was_demoted() ? "demoted" : "not demoted");
    });
    CHECK(
        text ==
        "SCHED_OTHER: sched_setscheduler(SCHED_RR 1): Operation not permitted (CAP_SYS_NICE is missing, or the cgroup "
        "has no real-time budget); not demoted");
}

/// Makes the kernel refuse sched_setscheduler(SCHED_RR | SCHED_RESET_ON_FORK) and nothing else, as a cgroup without
/// real-time budget does.
bool refuse_realtime()
{
    constexpr unsigned kPolicyAt = offsetof(seccomp_data, args) + sizeof(std::uint64_t);  // the second argument
    sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setscheduler, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kPolicyAt),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SCHED_RR | SCHED_RESET_ON_FORK, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{std::size(instructions), instructions};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_CASE("where only a nice value is permitted it takes that, and puts it back")
{
    if (is_refused())
        return skip("real-time scheduling is not permitted");
    const auto own_nice = [] { return std::to_string(::getpriority(PRIO_PROCESS, 0)); };
    const auto text = in_child([&] {
        if (!refuse_realtime())
            return std::string{"no seccomp"};
        std::string seen;
        {
            Realtime realtime;
            realtime.enter();
            {
                const auto pause = realtime.pause();
            }
            seen = realtime.state_text() + "; " + own_nice() + "; child " + in_child(own_nice) + "; ";
        }
        return seen + own_nice();
    });
    CHECK(text ==
          "SCHED_OTHER, nice -10: sched_setscheduler(SCHED_RR 1): Operation not permitted (CAP_SYS_NICE is missing, or "
          "the "
          "cgroup has no real-time budget); -10; child 0; 0");
}

}  // namespace priorityd::kernel
