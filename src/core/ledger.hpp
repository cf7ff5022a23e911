// SPDX-License-Identifier: GPL-3.0-or-later
/// What was done to one process: the value found before, the value written, what the kernel answered.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/action.hpp"
#include "core/ids.hpp"
#include "core/setting.hpp"

namespace priorityd {

class Ledger {
public:
    struct Entry {
        Setting setting{};
        std::optional<Value> before;   ///< Found when priorityd first wrote it; what a restore goes back to.
        std::optional<Value> written;  ///< What priorityd has put there; empty while it has not.
        Outcome outcome;               ///< Of the last attempt.
        /// When it was first seen that somebody else has set it; from then on it is theirs.
        std::optional<Instant> held_since;
    };

    /// Notes the outcome of an attempt. The first `before` of a setting is kept; `wanted` becomes written when applied.
    void note(Setting setting, const Value& before, const Value& wanted, Outcome outcome);
    /// Notes an outcome without an attempt: not live, already so, vanished.
    void note(Setting setting, Outcome outcome);
    /// Says how the value came about, where the last attempt has left it in force; nothing otherwise.
    void remark(Setting setting, const std::string& detail);
    /// Somebody else has set it. It stays theirs, whatever they make of it, until adopt().
    void hold(Setting setting, Outcome outcome, Instant now);
    /// As if priorityd had written `written` over `before`: it came along from the process that started this one, was
    /// left by an earlier priorityd, or is taken under control because a person says so.
    void adopt(Setting setting, Value before, Value written);
    /// The setting is no longer priorityd's: it has been put back, or somebody else holds it.
    void forget(Setting setting);

    [[nodiscard]] const Entry* find(Setting setting) const;
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
    /// What priorityd has written and not put back.
    [[nodiscard]] SettingMap written() const;
    [[nodiscard]] bool has_written() const;

private:
    Entry& entry(Setting setting);
    std::vector<Entry> entries_;
};

}  // namespace priorityd
