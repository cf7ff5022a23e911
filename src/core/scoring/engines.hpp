// SPDX-License-Identifier: GPL-3.0-or-later
/// The scoring engines that judge a program by what is known of it, whoever runs it.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/scoring/advice.hpp"
#include "core/scoring/program_info.hpp"

namespace priorityd {

struct ScoringEngine {
    std::string_view name;  ///< As in `explain` and in the settings.
    std::optional<Advice> (*advise)(const ProgramInfo& program);
};

/// All of them. To add one, add a row in engines.cpp.
[[nodiscard]] std::span<const ScoringEngine> scoring_engines();
/// Null when there is no engine of that name.
[[nodiscard]] const ScoringEngine* find_scoring_engine(std::string_view name);

}  // namespace priorityd
