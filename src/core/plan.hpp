// SPDX-License-Identifier: GPL-3.0-or-later
/// From what is wanted and what is so to what has to be done: only what differs, on knobs that are alive.
#pragma once

#include <utility>
#include <vector>

#include "core/action.hpp"
#include "core/knobs.hpp"
#include "core/ledger.hpp"
#include "core/setting.hpp"

namespace priorityd {

/// What to do, and what is settled without doing anything.
struct Plan {
    std::vector<Action> actions;
    std::vector<std::pair<Setting, Outcome>> settled;
};

/// Which of `wanted` can be written at all; the others are settled, or not
/// written to processes at all: the class, `children`, and the weights, which are the unit's.
[[nodiscard]] Plan settle_dead_knobs(SettingMap& wanted, const Knobs& knobs);

/// `wanted` holds CPU sets by number; `actual` holds what was read, a setting missing there is left out of the plan.
/// What is neither what priorityd has written there nor, where it has not, what an `untouched` process has, was set by
/// somebody else and stays.
[[nodiscard]] Plan plan(const SettingMap& wanted, const SettingMap& actual, const SettingMap& untouched,
                        const Ledger& ledger);

}  // namespace priorityd
