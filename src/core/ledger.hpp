// SPDX-License-Identifier: GPL-3.0-or-later
/// What was done to one process: the value found before, the value written, what the kernel answered.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/action.hpp"
#include "core/setting.hpp"

namespace priorityd {

class Ledger {
public:
    struct Entry {
        Setting setting{};
        std::optional<Value> before;   ///< Found when priorityd first wrote it; what a restore goes back to.
        std::optional<Value> written;  ///< What priorityd has put there; empty while it has not.
        Outcome outcome;               ///< Of the last attempt.
    };

    /// Notes the outcome of an attempt. The first `before` of a setting is kept; `wanted` becomes written when applied.
    void note(Setting setting, const Value& before, const Value& wanted, Outcome outcome);
    /// Notes an outcome without an attempt: not live, already so, vanished.
    void note(Setting setting, Outcome outcome);
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
