// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/findings.hpp"

#include <cmath>
#include <cstddef>
#include <functional>

namespace priorityd {
namespace {

/// What is taken off where nobody would wait. To lower a program that somebody waits for is the harmful mistake.
constexpr double kDoubtOfLowering = 0.2;
/// How much of what speaks for another kind counts against a class that is not lowered.
constexpr double kOpposition = 0.7;
/// Who reads why has the strongest words before him.
constexpr std::size_t kMostEvidence = 3;

double weight_of(const Findings& found, std::string_view program_class)
{
    double weight = 0;
    for (const Finding& one : found)
        weight += one.program_class == program_class ? one.weight : 0;
    return weight;
}

/// The strongest of what was found for the class, the strongest first.
std::string evidence(Findings found, std::string_view program_class)
{
    std::erase_if(found, [&](const Finding& one) { return one.program_class != program_class; });
    std::ranges::stable_sort(found, std::ranges::greater{}, &Finding::weight);
    std::string text;
    for (std::size_t i = 0; i < std::min(found.size(), kMostEvidence); ++i)
        text += (i == 0 ? "" : ", ") + found[i].text;
    return text;
}

}  // namespace

std::optional<Advice> advice_of(const Findings& found)
{
    if (found.empty())
        return std::nullopt;
    const auto weight = [&](const Finding& one) { return weight_of(found, one.program_class); };
    const auto best = std::ranges::max_element(found, {}, weight)->program_class;
    double against = 0;
    for (const Finding& one : found) {
        if (attention(one.program_class) != attention(best))
            against = std::max(against, weight(one));
    }
    const bool is_lowering = attention(best) == Attention::nobody;
    const double margin = weight_of(found, best) - (is_lowering ? against + kDoubtOfLowering : against * kOpposition);
    if (margin <= 0)
        return std::nullopt;
    return Advice{
        .program_class = std::string{best}, .confidence = 1 - std::exp2(-margin), .because = evidence(found, best)};
}

}  // namespace priorityd
