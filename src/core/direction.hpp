// SPDX-License-Identifier: GPL-3.0-or-later
/// Whether a value is better for a process than another one: what "raised" and "lowered" mean, setting by setting.
#pragma once

#include <cstdint>

#include "core/setting.hpp"

namespace priorityd {

enum class Direction : std::uint8_t {
    raised,    ///< The process gets more than others, or sooner.
    lowered,   ///< Less than others, or later.
    sideways,  ///< Neither: another set of CPUs, a class without values.
};

/// What going from one value to another of the same setting means for the process.
[[nodiscard]] Direction direction(const Value& from, const Value& to);

/// The same from what a process has that nobody has touched.
[[nodiscard]] bool is_raised(Setting setting, const Value& value);

/// The same of all values together, such as those of a class: what they say of CPU time counts first, then the others.
/// Sideways where they contradict each other.
[[nodiscard]] Direction direction_of(const SettingMap& settings);

}  // namespace priorityd
