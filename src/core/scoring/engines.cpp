// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/engines.hpp"

#include <algorithm>
#include <iterator>

#include "core/scoring/metadata.hpp"

namespace priorityd {
namespace {

constexpr ScoringEngine kEngines[] = {{"metadata", advice_by_metadata}};

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
