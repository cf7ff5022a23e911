// SPDX-License-Identifier: GPL-3.0-or-later
/// What is to be done to a process, and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/setting.hpp"

namespace priorityd {

/// Nice value, policy and slice go into one system call, because a call without the slice resets it.
struct SetScheduling {
    std::optional<Nice> nice;
    std::optional<SchedPolicy> sched;
    std::optional<Slice> slice;
    friend bool operator==(const SetScheduling&, const SetScheduling&) = default;
};
struct SetIoPriority {
    IoPriority priority;
    friend bool operator==(const SetIoPriority&, const SetIoPriority&) = default;
};
struct SetAffinity {
    CpuSet cpus;
    friend bool operator==(const SetAffinity&, const SetAffinity&) = default;
};
struct SetOomScoreAdj {
    OomScoreAdj value;
    friend bool operator==(const SetOomScoreAdj&, const SetOomScoreAdj&) = default;
};
struct SetTimerSlack {
    TimerSlack slack;
    friend bool operator==(const SetTimerSlack&, const SetTimerSlack&) = default;
};
struct SetUclamp {
    std::optional<UclampPercent> min;
    std::optional<UclampPercent> max;
    friend bool operator==(const SetUclamp&, const SetUclamp&) = default;
};
using Action = std::variant<SetScheduling, SetIoPriority, SetAffinity, SetOomScoreAdj, SetTimerSlack, SetUclamp>;

/// What came of one setting of one process.
struct Outcome {
    enum class Kind : std::uint8_t {
        applied,     ///< The kernel has taken it.
        already_so,  ///< It had this value before; nothing was written.
        dry_run,     ///< Would have been written.
        not_live,    ///< The knob does nothing here; `detail` says why.
        held,        ///< Somebody else has set it since; it is left as it is.
        failed,      ///< The kernel refused; `detail` says what was tried and what it answered.
        vanished,    ///< The process ended meanwhile.
    };
    Kind kind{};
    std::string detail;  ///< For a person; may be empty.

    /// "applied", "failed: sched_setattr(tid 7, nice -5): Permission denied" …
    [[nodiscard]] std::string to_text() const;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// The settings that an action carries out.
[[nodiscard]] std::vector<Setting> settings_of(const Action& action);

}  // namespace priorityd
