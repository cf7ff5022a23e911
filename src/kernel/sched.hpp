// SPDX-License-Identifier: GPL-3.0-or-later
/// Typed system calls on one thread's scheduling, and the conversions between the kernel's numbers and values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/units.hpp"

namespace priorityd::kernel {

/// `struct sched_attr` as of version 1, which brought utilisation clamps. glibc has it from 2.41 on only.
/// Source: sched_setattr(2), linux/sched/types.h.
struct SchedAttr {
    std::uint32_t size = 56;
    std::uint32_t policy = 0;    ///< SCHED_*
    std::uint64_t flags = 0;     ///< kResetOnFork …
    std::int32_t nice = 0;       ///< 0 from sched_getattr for real-time policies: ask nice_of() instead.
    std::uint32_t priority = 0;  ///< For fifo and rr.
    std::uint64_t runtime = 0;   ///< ns; for fair policies the slice, from Linux 6.12 on; 0: the kernel's default.
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
    std::uint32_t util_min = 0;  ///< 0..1024
    std::uint32_t util_max = 0;  ///< 0..1024
    friend bool operator==(const SchedAttr&, const SchedAttr&) = default;
};
static_assert(sizeof(SchedAttr) == 56);

/// Flags of SchedAttr. Source: linux/sched.h.
constexpr std::uint64_t kResetOnFork = 0x01;
constexpr std::uint64_t kKeepPolicyAndParameters = 0x08 | 0x10;
constexpr std::uint64_t kUtilClampMin = 0x20;
constexpr std::uint64_t kUtilClampMax = 0x40;

/// Policies that SchedPolicy does not know. Source: linux/sched.h.
constexpr std::uint32_t kDeadlinePolicy = 6;
constexpr std::uint32_t kExtPolicy = 7;

/// What `thread` has; Tid{0} is the calling thread, here and below. Errors: ESRCH.
[[nodiscard]] Result<SchedAttr> attributes_of(Tid thread);
/// One system call. Errors: ESRCH; EPERM without CAP_SYS_NICE; EOPNOTSUPP for clamps that the kernel was built without.
[[nodiscard]] Result<void> set_attributes(Tid thread, const SchedAttr& attributes);
/// The policy's number alone, which is cheaper than attributes_of(). Errors: ESRCH.
[[nodiscard]] Result<std::uint32_t> policy_number_of(Tid thread);

/// The nice value, also of a real-time thread, where it sleeps. Errors: ESRCH.
[[nodiscard]] Result<Nice> nice_of(Tid thread);
/// Touches nothing but the nice value. Errors: ESRCH; EACCES for a lower one, EPERM for others' without CAP_SYS_NICE.
[[nodiscard]] Result<void> set_nice(Tid thread, Nice nice);

/// Errors: ESRCH; EINVAL for a class that this program does not know.
[[nodiscard]] Result<IoPriority> io_priority_of(Tid thread);
/// Errors: ESRCH; EPERM for realtime without CAP_SYS_NICE (before Linux 5.14: CAP_SYS_ADMIN).
[[nodiscard]] Result<void> set_io_priority(Tid thread, const IoPriority& priority);

/// The CPUs that the thread may use. Errors: ESRCH.
[[nodiscard]] Result<CpuSet> affinity_of(Tid thread);
/// Errors: ESRCH; EPERM for others' without CAP_SYS_NICE; EINVAL when the thread's cpuset allows none of them.
[[nodiscard]] Result<void> set_affinity(Tid thread, const CpuSet& cpus);

/// Fifo, rr and deadline: policies that run before all fair ones.
[[nodiscard]] bool is_realtime_number(std::uint32_t policy);
/// Other, batch and ext: policies under which sched_setattr takes nice value and slice. (Idle ignores both there.)
[[nodiscard]] bool takes_nice_and_slice(std::uint32_t policy);
/// The SCHED_* number of a policy.
[[nodiscard]] std::uint32_t policy_number(SchedPolicy::Kind kind);
/// Empty for deadline and ext, which the rule language does not have.
[[nodiscard]] std::optional<SchedPolicy> policy_of(const SchedAttr& attributes);
/// Empty where the kernel tells none: before Linux 6.12 and for real-time policies.
[[nodiscard]] std::optional<Slice> slice_of(const SchedAttr& attributes);

/// Class and level as ioprio_set takes them. Source: linux/ioprio.h.
[[nodiscard]] int io_priority_number(const IoPriority& priority);
/// Empty for an unknown class. Hints (Linux 6.5) are left out.
[[nodiscard]] std::optional<IoPriority> io_priority_from(int number);

/// Of 1024, rounded to the nearest.
[[nodiscard]] std::uint32_t utilisation(UclampPercent percent);
/// The inverse; empty above 1024.
[[nodiscard]] std::optional<UclampPercent> percent_of(std::uint32_t utilisation);

/// Whether this kernel was built with utilisation clamps. Changes nothing.
[[nodiscard]] bool has_utilisation_clamps();
/// What a fair thread gets that has not asked for a slice; zero where there are none to set (before Linux 6.12).
[[nodiscard]] std::chrono::nanoseconds default_slice();
/// Whether a slice that a thread asks for is the one it then has, as tried on a thread made for it.
[[nodiscard]] bool takes_custom_slices();

}  // namespace priorityd::kernel
