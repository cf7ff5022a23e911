// SPDX-License-Identifier: GPL-3.0-or-later
/// The table of scoring engines: those that judge a program by what is known of it, whoever runs it, and the names of
/// those that judge processes.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/scoring/advice.hpp"
#include "core/scoring/program_info.hpp"

namespace priorityd {

constexpr std::string_view kMetadataEngine = "metadata";          ///< Goes by packages and desktop entries.
constexpr std::string_view kSurroundingsEngine = "surroundings";  ///< Goes by units, slices and terminals.
constexpr std::string_view kProfilesEngine = "profiles";          ///< Remembers what programs have turned out to be.
constexpr std::string_view kBehaviourEngine = "behaviour";        ///< Watches processes while somebody waits.
constexpr std::string_view kGuardEngine = "guard";                ///< Gives no class, but lowers for a while.

struct ScoringEngine {
    std::string_view name;  ///< As in `explain` and in the settings.
    /// Null for one that looks at processes, in the daemon: see Adviser.
    std::optional<Advice> (*advise)(const ProgramInfo& program);
};

/// All of them. To add one, add a row in engines.cpp.
[[nodiscard]] std::span<const ScoringEngine> scoring_engines();
/// Null when there is no engine of that name.
[[nodiscard]] const ScoringEngine* find_scoring_engine(std::string_view name);

}  // namespace priorityd
