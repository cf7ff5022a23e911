// SPDX-License-Identifier: GPL-3.0-or-later
/// Raw system calls where glibc 2.36 has no wrapper, or one that hides an answer.
#include "kernel/sched.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "core/setting.hpp"

namespace priorityd::kernel {
namespace {

// Source: linux/ioprio.h, which Debian's kernel headers do not install in full.
constexpr int kIoClassShift = 13;
constexpr int kIoLevelMask = 7;
constexpr int kIoWhoProcess = 1;
static_assert(static_cast<int>(IoPriority::Class::realtime) == 1 && static_cast<int>(IoPriority::Class::idle) == 3,
              "the classes are numbered as the kernel's");
/// The largest value of a utilisation clamp. Source: SCHED_CAPACITY_SCALE.
constexpr std::uint32_t kFullUtilisation = 1024;

std::string describe(const SchedAttr& attributes)
{
    if ((attributes.flags & kKeepPolicyAndParameters) != 0)
        return fmt::format("uclamp {}..{}", attributes.util_min, attributes.util_max);
    const auto policy = policy_of(attributes);
    std::string text = policy ? to_text(Value{*policy}) : fmt::format("policy {}", attributes.policy);
    if (!is_realtime_number(attributes.policy))
        text += fmt::format(", nice {}", attributes.nice);
    if (attributes.runtime != 0)
        text += ", slice " + duration_text(std::chrono::nanoseconds{attributes.runtime});
    return text;
}

/// Bits as the kernel gives them.
CpuSet cpu_set_from(std::span<const std::uint64_t> words)
{
    CpuSet cpus;
    for (std::size_t word = 0; word < words.size(); ++word) {
        for (int bit = 0; bit < 64; ++bit) {
            if ((words[word] >> bit & 1U) != 0)
                cpus.add(static_cast<int>(word) * 64 + bit);
        }
    }
    return cpus;
}

/// Puts the calling thread under SCHED_OTHER with the default slice and its own nice value; empty if that fails.
std::optional<SchedAttr> become_fair()
{
    const auto nice = nice_of(Tid{0});
    if (!nice)
        return std::nullopt;
    const SchedAttr fair{.policy = SCHED_OTHER, .nice = nice->value()};
    if (!set_attributes(Tid{0}, fair))
        return std::nullopt;
    return fair;
}

/// Runs `act` on a fair thread that ends with it: what it does to itself leaves no trace. Not at all without threads.
template <typename Act>
void on_fair_thread(Act act)
{
    const auto run = [&] {
        if (const auto attributes = become_fair())
            act(*attributes);
    };
    try {
        std::thread{run}.join();
    } catch (const std::system_error&) {
        return;  // A limit on threads: the caller's answer is then "no".
    }
}

}  // namespace

Result<SchedAttr> attributes_of(Tid thread)
{
    SchedAttr attributes;
    if (::syscall(SYS_sched_getattr, raw(thread), &attributes, sizeof attributes, 0U) != 0)
        return failure(errno, fmt::format("sched_getattr(tid {})", raw(thread)));
    return attributes;
}

Result<void> set_attributes(Tid thread, const SchedAttr& attributes)
{
    if (::syscall(SYS_sched_setattr, raw(thread), &attributes, 0U) != 0)
        return failure(errno, fmt::format("sched_setattr(tid {}, {})", raw(thread), describe(attributes)));
    return {};
}

Result<std::uint32_t> policy_number_of(Tid thread)
{
    const int policy = ::sched_getscheduler(raw(thread));
    if (policy < 0)
        return failure(errno, fmt::format("sched_getscheduler(tid {})", raw(thread)));
    return static_cast<std::uint32_t>(policy & ~SCHED_RESET_ON_FORK);
}

Result<Nice> nice_of(Tid thread)
{
    // The kernel answers 20 - nice, so that no answer looks like an error; glibc's wrapper undoes that.
    const long answer = ::syscall(SYS_getpriority, PRIO_PROCESS, raw(thread));
    const auto nice = Nice::make(20 - answer);
    if (answer < 0 || !nice)
        return failure(errno, fmt::format("getpriority(tid {})", raw(thread)));
    return *nice;
}

Result<void> set_nice(Tid thread, Nice nice)
{
    if (::setpriority(PRIO_PROCESS, static_cast<id_t>(raw(thread)), nice.value()) != 0)
        return failure(errno, fmt::format("setpriority(tid {}, nice {})", raw(thread), nice.value()));
    return {};
}

Result<IoPriority> io_priority_of(Tid thread)
{
    const long number = ::syscall(SYS_ioprio_get, kIoWhoProcess, raw(thread));
    if (number < 0)
        return failure(errno, fmt::format("ioprio_get(tid {})", raw(thread)));
    const auto priority = io_priority_from(static_cast<int>(number));
    if (!priority)
        return failure(EINVAL, fmt::format("ioprio_get(tid {}) = {}", raw(thread), number));
    return *priority;
}

Result<void> set_io_priority(Tid thread, const IoPriority& priority)
{
    if (::syscall(SYS_ioprio_set, kIoWhoProcess, raw(thread), io_priority_number(priority)) != 0)
        return failure(errno, fmt::format("ioprio_set(tid {}, {})", raw(thread), to_text(Value{priority})));
    return {};
}

Result<CpuSet> affinity_of(Tid thread)
{
    // The call refuses a mask shorter than the kernel's own. Nearly all kernels are content with the short one.
    std::array<std::uint64_t, CpuSet::kMaxCpus / 64> words{};
    for (std::size_t bytes = 128;; bytes *= 2) {
        const long written = ::syscall(SYS_sched_getaffinity, raw(thread), bytes, words.data());
        if (written >= 0)
            return cpu_set_from(std::span{words}.first(static_cast<std::size_t>(written) / sizeof words[0]));
        if (errno != EINVAL || bytes >= sizeof words)
            return failure(errno, fmt::format("sched_getaffinity(tid {})", raw(thread)));
    }
}

Result<void> set_affinity(Tid thread, const CpuSet& cpus)
{
    const auto& words = cpus.words();
    if (::syscall(SYS_sched_setaffinity, raw(thread), words.size() * sizeof(std::uint64_t), words.data()) != 0)
        return failure(errno, fmt::format("sched_setaffinity(tid {}, cpus {})", raw(thread), cpus.to_text()));
    return {};
}

bool is_realtime_number(std::uint32_t policy)
{
    return policy == SCHED_FIFO || policy == SCHED_RR || policy == kDeadlinePolicy;
}

bool takes_nice_and_slice(std::uint32_t policy)
{
    return policy == SCHED_OTHER || policy == SCHED_BATCH || policy == kExtPolicy;
}

std::uint32_t policy_number(SchedPolicy::Kind kind)
{
    using enum SchedPolicy::Kind;
    switch (kind) {
        case other: return SCHED_OTHER;
        case batch: return SCHED_BATCH;
        case idle: return SCHED_IDLE;
        case fifo: return SCHED_FIFO;
        case rr: return SCHED_RR;
    }
    return SCHED_OTHER;
}

std::optional<SchedPolicy> policy_of(const SchedAttr& attributes)
{
    using enum SchedPolicy::Kind;
    const int priority = static_cast<int>(attributes.priority);
    switch (attributes.policy) {
        case SCHED_OTHER: return SchedPolicy{other, 0};
        case SCHED_BATCH: return SchedPolicy{batch, 0};
        case SCHED_IDLE: return SchedPolicy{idle, 0};
        case SCHED_FIFO: return SchedPolicy{fifo, priority};
        case SCHED_RR: return SchedPolicy{rr, priority};
        default: return std::nullopt;
    }
}

std::optional<Slice> slice_of(const SchedAttr& attributes)
{
    if (attributes.runtime == 0 || attributes.policy == kDeadlinePolicy || attributes.runtime > INT64_MAX)
        return std::nullopt;
    return Slice::make(std::chrono::nanoseconds{static_cast<std::int64_t>(attributes.runtime)});
}

int io_priority_number(const IoPriority& priority)
{
    using enum IoPriority::Class;
    const bool has_level = priority.io_class == realtime || priority.io_class == best_effort;
    return static_cast<int>(priority.io_class) << kIoClassShift | (has_level ? priority.level & kIoLevelMask : 0);
}

std::optional<IoPriority> io_priority_from(int number)
{
    using enum IoPriority::Class;
    const int level = number & kIoLevelMask;
    switch (number >> kIoClassShift) {
        case 0: return IoPriority{none, 0};
        case 1: return IoPriority{realtime, level};
        case 2: return IoPriority{best_effort, level};
        case 3: return IoPriority{idle, 0};
        default: return std::nullopt;
    }
}

std::uint32_t utilisation(UclampPercent percent)
{
    return (static_cast<std::uint32_t>(percent.value()) * kFullUtilisation + 50) / 100;
}

std::optional<UclampPercent> percent_of(std::uint32_t utilisation)
{
    if (utilisation > kFullUtilisation)
        return std::nullopt;
    return UclampPercent::make((utilisation * 100 + kFullUtilisation / 2) / kFullUtilisation);
}

bool has_utilisation_clamps()
{
    // A kernel with clamps refuses this one as out of range before anything changes; one without does not look at it.
    SchedAttr impossible;
    impossible.flags = kKeepPolicyAndParameters | kUtilClampMin | kUtilClampMax;
    impossible.util_min = 2 * kFullUtilisation;
    impossible.util_max = 2 * kFullUtilisation;
    const auto answer = set_attributes(Tid{0}, impossible);
    return !answer && answer.error().code == EINVAL;
}

std::chrono::nanoseconds default_slice()
{
    std::chrono::nanoseconds slice{};
    on_fair_thread([&](const SchedAttr&) {
        if (const auto own = attributes_of(Tid{0}))
            slice = std::chrono::nanoseconds{own->runtime};
    });
    return slice;
}

bool takes_custom_slices()
{
    constexpr std::uint64_t kTried = 7'000'000;  // ns; not the default of any machine, which is 0.7 to 2.8 ms
    bool is_taken = false;
    on_fair_thread([&](SchedAttr own) {
        own.runtime = kTried;
        if (!set_attributes(Tid{0}, own))
            return;
        const auto now = attributes_of(Tid{0});
        is_taken = now && now->runtime == kTried;
    });
    return is_taken;
}

}  // namespace priorityd::kernel
