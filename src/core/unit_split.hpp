// SPDX-License-Identifier: GPL-3.0-or-later
/// Scopes that priorityd makes for what differs from the rest of another one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/weights.hpp"

namespace priorityd {

/// What becomes of programs that differ from the rest of a scope, as a compiler in a terminal does.
enum class SessionScopes : std::uint8_t {
    leave,  ///< They stay, and the scope gets what all in it have in common.
    split,  ///< They get a scope of their own in the same slice.
};

/// What begins with it was made by priorityd, now or before a restart; everything in it comes from what was moved
/// there.
constexpr std::string_view kSplitScopeLead = "priorityd-split-";

[[nodiscard]] inline bool is_split_scope(std::string_view unit)
{
    return unit.starts_with(kSplitScopeLead) && unit.ends_with(".scope");
}

/// Members of a scope that ask for something else than it can have as a whole: those of one such wish, in the order of
/// their ids. `has_others`: there are processes in it that ask for nothing, which it belongs to then; else it belongs
/// to who asks for the most.
[[nodiscard]] std::vector<Pid> who_differs(const std::map<Pid, Weights>& members, bool has_others);

}  // namespace priorityd
