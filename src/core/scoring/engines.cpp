// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/engines.hpp"

#include <algorithm>
#include <iterator>

#include "core/scoring/metadata.hpp"
#include "core/scoring/surroundings.hpp"

namespace priorityd {
namespace {

constexpr ScoringEngine kEngines[] = {
    {kMetadataEngine, advice_by_metadata}, {kSurroundingsEngine, nullptr}, {kProfilesEngine, nullptr},
    {kBehaviourEngine, nullptr},           {kGuardEngine, nullptr},
};

}  // namespace

std::span<const ScoringEngine> scoring_engines()
{
    return kEngines;
}

const ScoringEngine* find_scoring_engine(std::string_view name)
{
    const auto* const found = std::ranges::find(kEngines, name, &ScoringEngine::name);
    return found == std::end(kEngines) ? nullptr : found;
}

}  // namespace priorityd
