// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engines/advice.hpp"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "core/engines/inheritance.hpp"
#include "core/engines/voices.hpp"
#include "core/scoring/engines.hpp"
#include "core/scoring/surroundings.hpp"

namespace priorityd {
namespace {

std::string source_of(const Vote& vote)
{
    return "engine " + vote.engine;
}

/// "0.87 sure: section games".
std::string reason(const Vote& vote)
{
    return fmt::format("{:.2f} sure: {}", vote.advice.confidence, vote.advice.because);
}

}  // namespace

void AdviceEngine::judge(const Snapshot& process, Instant /*now*/, Decision& into) const
{
    if (process.votes.empty())
        return;
    const auto& scoring = policy_->settings().scoring;
    auto followed = stays_with_parent(process) ? std::nullopt : verdict(process.votes, scoring);
    if (followed && scoring.of(kSurroundingsEngine).is_enabled)
        followed->advice = heeding_terminal(std::move(followed->advice), process);
    const auto* its_class = followed ? policy_->find_class(followed->advice.program_class) : nullptr;
    for (const Vote& vote : process.votes) {
        if (scoring.of(vote.engine).is_enabled && (!its_class || vote.engine != followed->engine))
            into.add({.setting = Setting::program_class,
                      .value = ClassName{vote.advice.program_class},
                      .source = source_of(vote),
                      .because = reason(vote),
                      .origin = Contribution::Origin::vote});
    }
    if (its_class)
        Voice{source_of(*followed), reason(*followed)}.give_class(*its_class, into);
}

}  // namespace priorityd
