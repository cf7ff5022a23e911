// SPDX-License-Identifier: GPL-3.0-or-later
/// Actions on the real kernel, on processes and threads that the tests have started themselves.
#include "kernel/actuator.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "in_child.hpp"
#include "kernel/procfs.hpp"
#include "kernel/thread_walk.hpp"
#include "support/child.hpp"

namespace priorityd::kernel {

namespace {

using namespace std::chrono_literals;
using test::Child;
using Kind = Outcome::Kind;

constexpr SchedPolicy kOther{SchedPolicy::Kind::other, 0};
constexpr SchedPolicy kBatch{SchedPolicy::Kind::batch, 0};
constexpr SchedPolicy kIdle{SchedPolicy::Kind::idle, 0};
constexpr SchedPolicy kFifo{SchedPolicy::Kind::fifo, 3};
constexpr SchedPolicy kRoundRobin{SchedPolicy::Kind::rr, 5};

Nice nice(int value)
{
    return *Nice::make(value);
}
Slice slice(std::chrono::nanoseconds length)
{
    return *Slice::make(length);
}

/// For the body of a child: `count` threads that sleep.
std::function<void()> sleepers(int count)
{
    return [count] {
        for (int i = 0; i < count; ++i)
            std::thread{[] {
                for (;;)
                    ::pause();
            }}.detach();
    };
}

/// A child with one thread, and one more for each asked for.
class Multiplying {
public:
    Multiplying()
    {
        REQUIRE(::pipe2(requests_, O_CLOEXEC) == 0);
        child_ = std::make_unique<Child>([this] { std::thread{[this] { multiply(); }}.detach(); });
        handle_ = source_.open(child_->pid()).value();
    }
    Multiplying(const Multiplying&) = delete;
    Multiplying& operator=(const Multiplying&) = delete;
    ~Multiplying()
    {
        for (const int fd : requests_)
            ::close(fd);
    }
    /// Returns when the new thread is there.
    void ask_for_one()
    {
        const auto before = handle().threads().size();
        REQUIRE(::write(requests_[1], "", 1) == 1);
        while (handle().threads().size() == before)
            ::usleep(100);
    }
    ProcfsHandle& handle() { return static_cast<ProcfsHandle&>(*handle_); }

private:
    void multiply() const
    {
        for (char request{}; ::read(requests_[0], &request, 1) == 1;)
            std::thread{[] {
                for (;;)
                    ::pause();
            }}.detach();
    }

    int requests_[2]{};
    std::unique_ptr<Child> child_;
    Procfs source_ = Procfs::open().value();
    std::unique_ptr<ProcessHandle> handle_;
};

/// A child and everything that is needed to act on it.
class Target {
public:
    explicit Target(const std::function<void()>& body = [] {}) : child_{body} {}

    [[nodiscard]] Tid leader() const { return leader_of(child_.pid()); }
    /// All but the leader, ascending.
    [[nodiscard]] std::vector<Tid> followers()
    {
        auto tids = handle_->threads();
        tids.erase(tids.begin());
        std::ranges::sort(tids);
        return tids;
    }
    Outcome apply(const Action& action, const SettingMap& ours = {}) { return actuator_.apply(*handle_, action, ours); }
    ProcessHandle& handle() { return *handle_; }
    Child& child() { return child_; }

private:
    Child child_;
    Procfs source_ = Procfs::open().value();
    std::unique_ptr<ProcessHandle> handle_ = source_.open(child_.pid()).value();
    KernelActuator actuator_;
};

int nice_now(Tid thread)
{
    return nice_of(thread).value().value();
}
SchedPolicy policy_now(Tid thread)
{
    return policy_of(attributes_of(thread).value()).value();
}
std::uint64_t slice_now(Tid thread)
{
    return attributes_of(thread).value().runtime;
}

void give(Tid thread, SchedPolicy policy, std::uint64_t flags = 0, std::chrono::nanoseconds length = {})
{
    const SchedAttr attributes{.policy = policy_number(policy.kind),
                               .flags = flags,
                               .nice = nice_now(thread),
                               .priority = static_cast<std::uint32_t>(policy.priority),
                               .runtime = static_cast<std::uint64_t>(length.count())};
    REQUIRE(set_attributes(thread, attributes));
}

bool is_not_root()
{
    return ::geteuid() != 0;
}
bool has_no_slices()
{
    return is_not_root() || !takes_custom_slices();
}
bool has_one_cpu()
{
    return affinity_of(Tid{0}).value().count() < 2;
}

/// The first of the CPUs that may be used.
CpuSet first_cpu()
{
    const CpuSet all = affinity_of(Tid{0}).value();
    CpuSet first;
    for (int cpu = 0; first.empty(); ++cpu) {
        if (all.contains(cpu))
            first.add(cpu);
    }
    return first;
}

bool has_no_autogroup()
{
    Target target{[] { ::setsid(); }};
    return is_not_root() || !target.handle().autogroup();
}

}  // namespace

TEST_CASE("policies go to the kernel's numbers and back")
{
    for (const SchedPolicy policy : {kOther, kBatch, kIdle, kFifo, kRoundRobin}) {
        const SchedAttr attributes{.policy = policy_number(policy.kind),
                                   .priority = static_cast<std::uint32_t>(policy.priority)};
        CHECK(policy_of(attributes) == policy);
    }
    CHECK_FALSE(policy_of({.policy = kDeadlinePolicy}));
    CHECK_FALSE(policy_of({.policy = kExtPolicy}));
    CHECK(is_realtime_number(kDeadlinePolicy));
    CHECK_FALSE(is_realtime_number(SCHED_IDLE));
    CHECK_FALSE(takes_nice_and_slice(SCHED_IDLE));
}

TEST_CASE("I/O priorities go to the kernel's numbers and back")
{
    using enum IoPriority::Class;
    for (const auto io :
         {IoPriority{none, 0}, IoPriority{realtime, 7}, IoPriority{best_effort, 0}, IoPriority{idle, 0}})
        CHECK(io_priority_from(io_priority_number(io)) == io);
    CHECK(io_priority_number({best_effort, 4}) == (2 << 13 | 4));
    CHECK(io_priority_from(2 << 13 | 1 << 3 | 4) == IoPriority{best_effort, 4});  // with a hint
    CHECK_FALSE(io_priority_from(5 << 13));
    CHECK_FALSE(io_priority_from(-1));
}

TEST_CASE("every per cent of utilisation survives the kernel's 1024 steps")
{
    for (int percent = 0; percent <= 100; ++percent)
        CHECK(percent_of(utilisation(*UclampPercent::make(percent))) == UclampPercent::make(percent));
    CHECK(utilisation(*UclampPercent::make(100)) == 1024);
    CHECK_FALSE(percent_of(1025));
}

TEST_CASE("a nice value alone touches nothing else" * doctest::skip(is_not_root()))
{
    Target target;
    give(target.leader(), kBatch, kResetOnFork, 5ms);
    REQUIRE(set_io_priority(target.leader(), {IoPriority::Class::best_effort, 6}));
    auto expected = attributes_of(target.leader()).value();
    CHECK(target.apply(SetScheduling{.nice = nice(7), .sched = {}, .slice = {}}).kind == Kind::applied);
    expected.nice = 7;
    CHECK(attributes_of(target.leader()).value() == expected);
    CHECK(io_priority_of(target.leader()).value() == IoPriority{IoPriority::Class::best_effort, 6});
}

TEST_CASE("what a thread has already is not written")
{
    Target target{sleepers(2)};
    const Nice now = nice(nice_now(target.leader()));
    CHECK(target.apply(SetScheduling{.nice = now, .sched = {}, .slice = {}}).kind == Kind::already_so);
    CHECK(target.apply(SetScheduling{.nice = now, .sched = kOther, .slice = {}}).kind == Kind::already_so);
}

TEST_CASE("all threads get the value" * doctest::skip(is_not_root()))
{
    Target target{sleepers(20)};
    CHECK(target.apply(SetScheduling{.nice = nice(-3), .sched = kBatch, .slice = {}}).kind == Kind::applied);
    for (const Tid thread : target.handle().threads()) {
        CHECK(nice_now(thread) == -3);
        CHECK(policy_now(thread) == kBatch);
    }
}

TEST_CASE("threads that are born while others are changed are changed too")
{
    Multiplying process;
    std::vector<Tid> changed;
    const auto change = [&](Tid thread, Role) -> StepResult {
        if (changed.size() < 4)
            process.ask_for_one();
        changed.push_back(thread);
        return Step::written;
    };
    CHECK(change_threads(process.handle(), change, "").kind == Kind::applied);
    auto all = process.handle().threads();
    CHECK(all.size() == 6);
    std::ranges::sort(all);
    std::ranges::sort(changed);
    CHECK(changed == all);
}

TEST_CASE("a process that makes threads faster than they can be changed is given up")
{
    Multiplying process;
    int changes = 0;
    const auto change = [&](Tid, Role) -> StepResult {
        process.ask_for_one();
        ++changes;
        return Step::written;
    };
    CHECK(change_threads(process.handle(), change, "").kind == Kind::applied);
    CHECK(changes > kMostRounds);
}

TEST_CASE("a thread with a value of its own keeps it, setting by setting" * doctest::skip(is_not_root()))
{
    Target target{sleepers(3)};
    const auto followers = target.followers();
    REQUIRE(set_nice(followers[0], nice(-11)));
    give(followers[1], kIdle);
    CHECK(target.apply(SetScheduling{.nice = nice(7), .sched = kBatch, .slice = {}}).kind == Kind::applied);
    CHECK(nice_now(followers[0]) == -11);
    CHECK(policy_now(followers[0]) == kBatch);
    CHECK(nice_now(followers[1]) == 7);
    CHECK(policy_now(followers[1]) == kIdle);
    CHECK(nice_now(followers[2]) == 7);
    CHECK(policy_now(followers[2]) == kBatch);
}

TEST_CASE("a thread with a value that was given earlier follows" * doctest::skip(is_not_root()))
{
    Target target{sleepers(1)};
    REQUIRE(set_nice(target.followers()[0], nice(4)));
    SettingMap ours;
    ours.set(Setting::nice, nice(4));
    CHECK(target.apply(SetScheduling{.nice = nice(7), .sched = {}, .slice = {}}, ours).kind == Kind::applied);
    CHECK(nice_now(target.followers()[0]) == 7);
}

TEST_CASE("a real-time thread of somebody else is not moved by a fair policy or a nice value" *
          doctest::skip(is_not_root()))
{
    Target target{sleepers(2)};
    const Tid audio = target.followers()[0];
    give(audio, kRoundRobin, kResetOnFork);
    const auto before = attributes_of(audio).value();
    CHECK(target.apply(SetScheduling{.nice = nice(7), .sched = {}, .slice = {}}).kind == Kind::applied);
    CHECK(target.apply(SetScheduling{.nice = nice(9), .sched = kBatch, .slice = {}}).kind == Kind::applied);
    CHECK(attributes_of(audio).value() == before);
    CHECK(nice_now(audio) == nice_now(Tid{0}));
    CHECK(nice_now(target.followers()[1]) == 9);
}

TEST_CASE("a process under a real-time policy of somebody else is held" * doctest::skip(is_not_root()))
{
    Target target;
    give(target.leader(), kFifo);
    const auto outcome = target.apply(SetScheduling{.nice = nice(7), .sched = {}, .slice = {}});
    CHECK(outcome.kind == Kind::held);
    CHECK(target.apply(SetScheduling{.nice = {}, .sched = kIdle, .slice = {}}).kind == Kind::held);
    CHECK(policy_now(target.leader()) == kFifo);
    CHECK(nice_now(target.leader()) == nice_now(Tid{0}));
}

TEST_CASE("a real-time policy that was given earlier is taken back" * doctest::skip(is_not_root()))
{
    Target target{sleepers(1)};
    REQUIRE(target.apply(SetScheduling{.nice = nice(-7), .sched = kRoundRobin, .slice = {}}).kind == Kind::applied);
    for (const Tid thread : target.handle().threads()) {
        CHECK(policy_now(thread) == kRoundRobin);
        CHECK(nice_now(thread) == -7);
    }
    SettingMap ours;
    ours.set(Setting::sched, kRoundRobin);
    CHECK(target.apply(SetScheduling{.nice = {}, .sched = kOther, .slice = {}}, ours).kind == Kind::applied);
    for (const Tid thread : target.handle().threads()) {
        CHECK(policy_now(thread) == kOther);
        CHECK(nice_now(thread) == -7);
    }
}

TEST_CASE("idle takes a nice value as well" * doctest::skip(is_not_root()))
{
    Target target;
    CHECK(target.apply(SetScheduling{.nice = nice(7), .sched = kIdle, .slice = {}}).kind == Kind::applied);
    CHECK(policy_now(target.leader()) == kIdle);
    CHECK(nice_now(target.leader()) == 7);
}

TEST_CASE("a policy alone keeps nice value, slice and the reset on fork" * doctest::skip(has_no_slices()))
{
    Target target;
    REQUIRE(set_nice(target.leader(), nice(4)));
    give(target.leader(), kOther, kResetOnFork, 5ms);
    CHECK(target.apply(SetScheduling{.nice = {}, .sched = kBatch, .slice = {}}).kind == Kind::applied);
    CHECK(policy_now(target.leader()) == kBatch);
    CHECK(nice_now(target.leader()) == 4);
    CHECK(slice_now(target.leader()) == 5'000'000);
    CHECK(attributes_of(target.leader()).value().flags == kResetOnFork);
}

TEST_CASE("a slice goes with nice value and policy in one call, to all threads" * doctest::skip(has_no_slices()))
{
    Target target{sleepers(3)};
    CHECK(target.apply(SetScheduling{.nice = nice(4), .sched = kBatch, .slice = slice(5ms)}).kind == Kind::applied);
    for (const Tid thread : target.handle().threads()) {
        CHECK(slice_now(thread) == 5'000'000);
        CHECK(nice_now(thread) == 4);
        CHECK(policy_now(thread) == kBatch);
    }
    CHECK(target.apply(SetScheduling{.nice = {}, .sched = {}, .slice = slice(2ms)}).kind == Kind::applied);
    CHECK(slice_now(target.leader()) == 2'000'000);
    CHECK(nice_now(target.leader()) == 4);
    CHECK(policy_now(target.leader()) == kBatch);
}

TEST_CASE("the default slice is passed on as the default, not as a length" * doctest::skip(has_no_slices()))
{
    Target target;
    give(target.leader(), kOther, 0, 5ms);
    KernelActuator takes_5ms_for_default{5ms};
    const SetScheduling batch{.nice = {}, .sched = kBatch, .slice = {}};
    CHECK(takes_5ms_for_default.apply(target.handle(), batch, {}).kind == Kind::applied);
    CHECK(slice_now(target.leader()) == static_cast<std::uint64_t>(default_slice().count()));
}

TEST_CASE("an I/O priority goes to all threads that had the leader's")
{
    Target target{sleepers(2)};
    const IoPriority own{IoPriority::Class::best_effort, 6};
    const IoPriority wanted{IoPriority::Class::idle, 0};
    const auto followers = target.followers();
    REQUIRE(set_io_priority(followers[0], own));
    CHECK(target.apply(SetIoPriority{wanted}).kind == Kind::applied);
    CHECK(io_priority_of(target.leader()).value() == wanted);
    CHECK(io_priority_of(followers[0]).value() == own);
    CHECK(io_priority_of(followers[1]).value() == wanted);
    SettingMap ours;
    ours.set(Setting::io, own);
    CHECK(target.apply(SetIoPriority{wanted}, ours).kind == Kind::applied);
    CHECK(io_priority_of(followers[0]).value() == wanted);
}

TEST_CASE("an affinity goes to all threads" * doctest::skip(has_one_cpu()))
{
    Target target{sleepers(2)};
    const CpuSet first = first_cpu();
    CHECK(target.apply(SetAffinity{first}).kind == Kind::applied);
    for (const Tid thread : target.handle().threads())
        CHECK(affinity_of(thread).value() == first);
    CHECK(target.apply(SetAffinity{first}).kind == Kind::already_so);
}

TEST_CASE("CPUs that the machine does not have are refused with the reason")
{
    Target target;
    CpuSet none_here;
    none_here.add(CpuSet::kMaxCpus - 1);
    const auto outcome = target.apply(SetAffinity{none_here});
    CHECK(outcome.kind == Kind::failed);
    CHECK(outcome.detail ==
          "sched_setaffinity(tid " + std::to_string(raw(target.leader())) + ", cpus 8191): Invalid argument");
}

TEST_CASE("a timer slack goes to all threads" * doctest::skip(is_not_root()))
{
    Target target{sleepers(2)};
    const TimerSlack wanted{123us};
    auto& handle = static_cast<ProcfsHandle&>(target.handle());
    const auto followers = target.followers();
    REQUIRE(handle.set_timer_slack(followers[0], TimerSlack{77us}));
    CHECK(target.apply(SetTimerSlack{wanted}).kind == Kind::applied);
    CHECK(handle.timer_slack_of(target.leader()).value() == 123us);
    CHECK(handle.timer_slack_of(followers[0]).value() == 77us);
    CHECK(handle.timer_slack_of(followers[1]).value() == 123us);
    CHECK(std::get<TimerSlack>(handle.actual(Setting::timer_slack).value()) == wanted);
}

TEST_CASE("a thread of another process is not reached through this one" * doctest::skip(is_not_root()))
{
    Target target;
    const Child other;
    auto& handle = static_cast<ProcfsHandle&>(target.handle());
    CHECK(handle.set_timer_slack(leader_of(other.pid()), TimerSlack{77us}).error().code == ESRCH);
    CHECK(handle.timer_slack_of(leader_of(other.pid())).error().code == ESRCH);
}

TEST_CASE("an OOM score adjustment is written")
{
    Target target;
    CHECK(target.apply(SetOomScoreAdj{*OomScoreAdj::make(700)}).kind == Kind::applied);
    CHECK(std::get<OomScoreAdj>(target.handle().actual(Setting::oom_score_adj).value()).value() == 700);
}

TEST_CASE("clamps are set where the kernel has them, else it is said that it has none" * doctest::skip(is_not_root()))
{
    Target target;
    const auto outcome = target.apply(SetUclamp{.min = {}, .max = UclampPercent::make(50)});
    if (has_utilisation_clamps()) {
        CHECK(outcome.kind == Kind::applied);
        CHECK(attributes_of(target.leader()).value().util_max == 512);
    } else {
        CHECK(outcome == Outcome{Kind::not_live, "this kernel has no uclamp"});
        CHECK(target.handle().actual(Setting::uclamp_max).error().code == EOPNOTSUPP);
    }
}

TEST_CASE("a process that has ended is told apart from a refusal")
{
    Target target;
    target.child().reap();
    for (const Action& action :
         std::vector<Action>{SetScheduling{.nice = nice(7), .sched = {}, .slice = {}},
                             SetIoPriority{{IoPriority::Class::idle, 0}}, SetOomScoreAdj{*OomScoreAdj::make(700)}})
        CHECK(target.apply(action).kind == Kind::vanished);
    KernelActuator actuator;
    CHECK(actuator.set_autogroup(target.handle(), nice(7)).kind == Kind::vanished);
}

TEST_CASE("a refusal says what was tried, what the kernel answered and what is missing" * doctest::skip(is_not_root()))
{
    Target target;
    const auto as_nobody = [&](const Action& action) {
        return in_child([&] { return become_nobody() ? target.apply(action).to_text() : "still root"; });
    };
    const std::string tid = std::to_string(raw(target.leader()));
    CHECK(as_nobody(SetScheduling{.nice = nice(-5), .sched = {}, .slice = {}}) ==
          "failed: setpriority(tid " + tid + ", nice -5): Operation not permitted; needs CAP_SYS_NICE");
    CHECK(as_nobody(SetScheduling{.nice = nice(-5), .sched = kBatch, .slice = {}})
              .starts_with("failed: sched_setattr(tid " + tid + ", batch, nice -5"));
    CHECK(as_nobody(SetIoPriority{{IoPriority::Class::realtime, 0}}) ==
          "failed: ioprio_set(tid " + tid + ", realtime/0): Operation not permitted; needs CAP_SYS_NICE");
    CHECK(as_nobody(SetOomScoreAdj{*OomScoreAdj::make(5)}) ==
          "failed: write(/proc/" + tid +
              "/oom_score_adj, 5): Permission denied; needs CAP_SYS_RESOURCE to lower it, "
              "CAP_DAC_OVERRIDE for other users' processes");
    CHECK(nice_now(target.leader()) == nice_now(Tid{0}));
}

TEST_CASE("the autogroup of a session is set, and read back" * doctest::skip(has_no_autogroup()))
{
    Target target{[] { ::setsid(); }};
    KernelActuator actuator;
    CHECK(actuator.set_autogroup(target.handle(), nice(9)).kind == Kind::applied);
    CHECK(target.handle().autogroup().value().nice == nice(9));
}

TEST_CASE("a program that has just started is reached by its pid alone" * doctest::skip(is_not_root()))
{
    Target target;
    KernelActuator actuator;
    const auto start = [&](const SetScheduling& action) {
        return actuator.apply_at_start(target.child().pid(), action);
    };
    CHECK(start({.nice = nice(7), .sched = kBatch, .slice = {}}).kind == Kind::applied);
    CHECK(nice_now(target.leader()) == 7);
    CHECK(policy_now(target.leader()) == kBatch);
    CHECK(start({.nice = nice(8), .sched = {}, .slice = {}}).kind == Kind::applied);
    CHECK(nice_now(target.leader()) == 8);
    give(target.leader(), kFifo);
    CHECK(start({.nice = nice(9), .sched = kIdle, .slice = {}}).kind == Kind::held);
    target.child().reap();
    CHECK(start({.nice = nice(9), .sched = {}, .slice = {}}).kind == Kind::vanished);
}

TEST_CASE("a dry run changes nothing")
{
    Target target;
    DryRunActuator actuator;
    const auto before = attributes_of(target.leader()).value();
    CHECK(actuator.apply(target.handle(), SetScheduling{.nice = nice(7), .sched = kIdle, .slice = {}}, {}).kind ==
          Kind::dry_run);
    CHECK(
        actuator.apply_at_start(target.child().pid(), SetScheduling{.nice = nice(7), .sched = {}, .slice = {}}).kind ==
        Kind::dry_run);
    CHECK(actuator.set_autogroup(target.handle(), nice(7)).kind == Kind::dry_run);
    CHECK(attributes_of(target.leader()).value() == before);
}

TEST_CASE("trying slices out leaves this thread as it was")
{
    const auto before = attributes_of(Tid{0}).value();
    static_cast<void>(takes_custom_slices());
    static_cast<void>(default_slice());
    static_cast<void>(has_utilisation_clamps());
    CHECK(attributes_of(Tid{0}).value() == before);
}

}  // namespace priorityd::kernel
