// SPDX-License-Identifier: GPL-3.0-or-later
/// What ordinary users may give to processes, and what has to be allowed for the rest.
#pragma once

#include <optional>

#include "core/control.hpp"
#include "core/ids.hpp"
#include "core/policy.hpp"
#include "core/setting.hpp"

namespace priorityd {

/// The most that an ordinary user may give, where `value` is more; empty where it is within. Real-time policies,
/// real-time I/O and protection from the out-of-memory killer are nothing that users give.
[[nodiscard]] std::optional<Value> cap_for_users(const Value& value, const Limits& limits);

/// Whether any of them is more than an ordinary user may give.
[[nodiscard]] bool exceeds_users(const SettingMap& settings, const Limits& limits);

/// Whose processes a wish is about.
enum class Reach : std::uint8_t { own, others };

/// What it takes to give `settings` to processes, those of the class among them. Lowering is what leaves no process
/// better off than one that nobody has touched; so undoing what an administrator has lowered counts as lowering too.
[[nodiscard]] Privileges needed_for(const SettingMap& settings, Reach reach, const Limits& limits);

/// The settings with those of their class below them; without the class. Empty when there is no such class.
[[nodiscard]] std::optional<SettingMap> with_class(const SettingMap& settings, const Policy& policy);

}  // namespace priorityd
