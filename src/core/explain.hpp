// SPDX-License-Identifier: GPL-3.0-or-later
/// A Decision and its outcomes as rows for people and for the bus.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/cpu_standing.hpp"
#include "core/decision.hpp"
#include "core/ids.hpp"
#include "core/ledger.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// One process as `GetProcess` shows it.
struct ProcessView {
    ProcessKey key;
    std::string name;
    std::string public_name;  ///< The same, or comm where the name stands in arguments; see names.hpp.
    std::string exe;
    Uid uid{};
    std::string class_name;  ///< Empty when it has no class.
    std::string source;      ///< Who gave the class, else who gave the first setting: "FILE:LINE".
    SettingMap settings;     ///< What was decided, without the class.
    SettingMap actual;       ///< What the process has now; empty in lists.
};

/// One contribution.
struct ExplainRow {
    std::string setting;  ///< Name of the setting; "class" for the class, "autogroup" for the session's.
    std::string value;
    std::string source;
    std::string because;
    bool effective = false;
    std::string outcome;  ///< What the kernel answered, or why the row is not in force.
    friend bool operator==(const ExplainRow&, const ExplainRow&) = default;
};

struct Explanation {
    ProcessView process;
    std::vector<ExplainRow> rows;
    std::vector<ShareRow> shares;  ///< With whom it competes for CPU time; empty for a process that need not exist.
};

/// The outcome of a setting that is decided and that nothing was done for yet.
constexpr const char* kNotTried = "not tried";

/// One instant by both clocks, so that others can be told by the calendar.
struct Clocks {
    Instant now{};
    std::chrono::sys_seconds date{};

    /// "2026-11-21 06:41:22 UTC".
    [[nodiscard]] std::string date_text(Instant then) const;
};

[[nodiscard]] ProcessView view_of(const Snapshot& process, const Decision& decision);
/// One row per contribution, in order. `ledger` is null for a process that need not exist.
[[nodiscard]] std::vector<ExplainRow> explain(const Decision& decision, const Ledger* ledger, const Clocks& clocks);

/// What somebody says of a process that need not exist, for `classify`. Empty members are unknown.
struct GivenFacts {
    std::string name;
    std::string exe;
    std::vector<std::string> args;  ///< Without argv[0].
    std::optional<Uid> user;
    std::optional<Gid> group;
    std::string unit;
    std::string slice;
    std::string cgroup;                  ///< Over unit and slice.
    std::string container;               ///< "engine/id-or-name".
    std::vector<std::string> ancestors;  ///< Names, the parent first.
    Uses uses;
    bool has_tty = false;
};

/// A snapshot with all facts known, as such a process would have them.
[[nodiscard]] Snapshot snapshot_of(const GivenFacts& facts);

}  // namespace priorityd
