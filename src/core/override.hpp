// SPDX-License-Identifier: GPL-3.0-or-later
/// An override: what somebody has asked for on the bus, over all rules, for a process or for all that fit a pattern.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/condition.hpp"
#include "core/ids.hpp"
#include "core/setting.hpp"

namespace priorityd {

/// All processes that fit, those that are there and those that will come.
struct PatternTarget {
    MatchKey key{};    ///< name, exe or unit.
    std::string glob;  ///< As in rules: 1 to 4096 bytes without NUL.
    friend bool operator==(const PatternTarget&, const PatternTarget&) = default;
};

/// One process, or a pattern.
using OverrideTarget = std::variant<ProcessKey, PatternTarget>;
/// "pid 42", "name firefox*".
[[nodiscard]] std::string to_text(const OverrideTarget& target);

struct Override {
    std::string id;  ///< A decimal number; given to no other as long as the daemon runs, nor as long as it exists.
    OverrideTarget target;
    SettingMap settings;  ///< Not empty. The class, if any, is program_class; its settings are looked up when deciding.
    Uid owner{};          ///< Who asked for it.
    /// Whether it counts for processes of every user; else for those of the owner alone.
    bool is_for_everybody = false;
    /// Whether it stays within what users may do by themselves, whatever its class comes to be; see authority.hpp.
    bool is_capped = false;
    bool is_permanent = false;         ///< Kept on disk.
    std::optional<Instant> ends;       ///< Empty: until it is removed.
    std::string connection;            ///< Ends when this unique name leaves the bus; empty: outlives its caller.
    std::string reason;                ///< What the caller said; valid UTF-8 without control characters.
    std::chrono::sys_seconds created;  ///< For people; nothing is decided by it.
    friend bool operator==(const Override&, const Override&) = default;
};

}  // namespace priorityd
