// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/arbiter.hpp"

#include <algorithm>

#include "core/scoring/engines.hpp"
#include "core/scoring/lexicon.hpp"

namespace priorityd {
namespace {

double weighed(const Vote& vote, const ScoringSettings& settings)
{
    const auto engine = settings.of(vote.engine);
    return engine.is_enabled ? engine.weight * vote.advice.confidence : 0;
}

/// As if each engine were an independent witness: 1 minus the chance that all of them are wrong.
double confidence_in(std::string_view program_class, const std::vector<Vote>& votes, const ScoringSettings& settings)
{
    double doubt = 1;
    for (const Vote& vote : votes) {
        if (vote.advice.program_class == program_class)
            doubt *= 1 - weighed(vote, settings);
    }
    return 1 - doubt;
}

}  // namespace

EngineSettings ScoringSettings::of(std::string_view engine) const
{
    const auto found = engines.find(engine);
    auto its = found == engines.end() ? EngineSettings{} : found->second;
    its.is_enabled = its.is_enabled && is_enabled;
    return its;
}

bool ScoringSettings::has_enabled() const
{
    const auto is_asked = [](const auto& entry) { return entry.second.address && entry.second.is_enabled; };
    return std::ranges::any_of(engines, is_asked) ||
           std::ranges::any_of(scoring_engines(),
                               [this](const ScoringEngine& engine) { return of(engine.name).is_enabled; });
}

std::vector<Vote> votes_on(const ProgramInfo& program)
{
    std::vector<Vote> votes;
    for (const ScoringEngine& engine : scoring_engines()) {
        if (auto advice = engine.advise ? engine.advise(program) : std::nullopt)
            votes.push_back({std::string{engine.name}, *std::move(advice)});
    }
    return votes;
}

std::optional<Vote> verdict(const std::vector<Vote>& votes, const ScoringSettings& settings)
{
    const auto sureness = [&](const Vote& vote) { return confidence_in(vote.advice.program_class, votes, settings); };
    const auto best = std::ranges::max_element(votes, {}, sureness);
    if (best == votes.end() || sureness(*best) == 0 || sureness(*best) < settings.threshold)
        return std::nullopt;
    const auto speaks_against = [&](const Vote& vote) {
        return attention(vote.advice.program_class) != attention(best->advice.program_class) &&
               sureness(vote) >= sureness(*best);
    };
    if (std::ranges::any_of(votes, speaks_against))
        return std::nullopt;
    const auto own_sureness = [&](const Vote& vote) {
        const bool is_for_it = vote.advice.program_class == best->advice.program_class;
        return is_for_it ? weighed(vote, settings) : -1;
    };
    Vote followed = *std::ranges::max_element(votes, {}, own_sureness);
    followed.advice.confidence = sureness(*best);
    return followed;
}

}  // namespace priorityd
