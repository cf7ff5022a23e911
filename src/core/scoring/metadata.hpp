// SPDX-License-Identifier: GPL-3.0-or-later
/// The metadata engine: what kind of program it is, by what its package and its desktop entry say of it.
#pragma once

#include <optional>

#include "core/scoring/advice.hpp"
#include "core/scoring/program_info.hpp"

namespace priorityd {

/// Empty where nothing speaks for any class, or as much speaks for another kind of attention. In doubt a program is not
/// lowered: that asks for more than raising it does.
[[nodiscard]] std::optional<Advice> advice_by_metadata(const ProgramInfo& program);

}  // namespace priorityd
