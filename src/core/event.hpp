// SPDX-License-Identifier: GPL-3.0-or-later
/// What the kernel says happened to a process.
#pragma once

#include <cstdint>
#include <string>

#include "core/ids.hpp"

namespace priorityd {

/// One message of the proc connector. Source: linux/cn_proc.h.
struct Event {
    enum class Kind : std::uint8_t {
        exec,  ///< The process runs a new program.
        comm,  ///< A thread has (re)named itself; fires for unchanged names too.
        uid,   ///< A thread has changed its user id.
    };
    Kind kind{};
    Pid process{};
    Tid thread{};
    std::string comm;  ///< The new name, at most 15 bytes of anything but NUL; for comm only.

    /// True when the event is about the thread that leads the process.
    [[nodiscard]] bool is_leader() const { return leader_of(process) == thread; }
    friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace priorityd
