// SPDX-License-Identifier: GPL-3.0-or-later
/// Scopes that priorityd makes for what differs from the rest of another one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/ids.hpp"

namespace priorityd {

/// What begins with it was made by priorityd, now or before a restart; everything in it comes from what was moved
/// there.
constexpr std::string_view kSplitScopeLead = "priorityd-split-";

[[nodiscard]] inline bool is_split_scope(std::string_view unit)
{
    return unit.starts_with(kSplitScopeLead) && unit.ends_with(".scope");
}

}  // namespace priorityd
