// SPDX-License-Identifier: GPL-3.0-or-later
/// What the guard does to a process for as long as others wait for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/setting.hpp"

namespace priorityd {

/// The guard's ladder.
enum class Step : std::uint8_t {
    none,
    weight,  ///< A tenth of the usual weight.
    batch,   ///< The least weight, and it interrupts nobody by waking up.
    idle,    ///< Runs when nobody else wants to.
};
[[nodiscard]] std::string_view to_text(Step step);

struct Restraint {
    Step step{};
    std::string because;  ///< Who waited how long, before and after; for a person.
    /// Those who shall wait less, sorted: a session or unit that one of them is in is not lowered as a whole.
    std::vector<ProcessKey> spared;
    friend bool operator==(const Restraint&, const Restraint&) = default;
};

/// What a step gives. Nothing for Step::none.
[[nodiscard]] SettingMap settings_of(Step step);

}  // namespace priorityd
