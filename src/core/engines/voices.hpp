// SPDX-License-Identifier: GPL-3.0-or-later
/// How rules and people speak in a Decision: a class with its settings, then settings of their own, then the limits for
/// users where they hold.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/decision.hpp"
#include "core/policy.hpp"
#include "core/setting.hpp"

namespace priorityd {

/// One who speaks, and why. On the exec path: texts are put together without a formatter, whose code is cold.
struct Voice {
    std::string source;
    std::string_view because;

    /// The class, and the settings that come with it.
    void give_class(const ProgramClass& program_class, Decision& into) const;
    /// Settings alone; a class among them is passed over.
    void give(const SettingMap& settings, Decision& into) const;
};

/// Brings what was contributed since `begin` to what users may give, by contributions of the limits.
void cap_for_users(const Limits& limits, std::size_t begin, Decision& into);

}  // namespace priorityd
