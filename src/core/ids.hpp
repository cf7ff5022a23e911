// SPDX-License-Identifier: GPL-3.0-or-later
/// Names for processes, threads and accounts that cannot be mixed up, and the instant type of the core.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>

namespace priorityd {

enum class Pid : std::int32_t {};   ///< Process (thread group) id, as in /proc/PID.
enum class Tid : std::int32_t {};   ///< Thread id; the leader's equals its Pid.
enum class Uid : std::uint32_t {};  ///< User id.
enum class Gid : std::uint32_t {};  ///< Group id.

/// Id of a session: the pid of the process that made it. Source: setsid(2).
enum class SessionId : std::int32_t {};

/// The first process, which all others descend from. Source: pid_namespaces(7).
constexpr Pid kInit{1};

/// What no process has: stands for an unknown account. Source: the value that chown(2) takes for "leave it".
constexpr Uid kNobodysUid{~0U};
constexpr Gid kNobodysGid{~0U};

/// The number inside an id, for system calls and printing.
template <typename Id>
requires std::is_enum_v<Id>
[[nodiscard]] constexpr auto raw(Id id)
{
    return static_cast<std::underlying_type_t<Id>>(id);
}

/// The thread that leads a process. Source: proc(5).
[[nodiscard]] constexpr Tid leader_of(Pid pid)
{
    return Tid{raw(pid)};
}

/// Identity of a process: a pid alone may be reused, together with its start time it may not.
struct ProcessKey {
    Pid pid{};
    std::uint64_t start_ticks = 0;  ///< Clock ticks since boot: field 22 of /proc/PID/stat.

    friend bool operator==(const ProcessKey&, const ProcessKey&) = default;
    friend std::strong_ordering operator<=>(const ProcessKey&, const ProcessKey&) = default;
};

/// A point on CLOCK_MONOTONIC. The core is told the time and never asks for it.
using Instant = std::chrono::steady_clock::time_point;

/// The first of two deadlines; empty when there is none.
[[nodiscard]] constexpr std::optional<Instant> earlier(std::optional<Instant> left, std::optional<Instant> right)
{
    if (left && right)
        return *left < *right ? left : right;
    return left ? left : right;
}

}  // namespace priorityd
