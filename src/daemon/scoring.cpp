// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/scoring.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "daemon/clocks.hpp"

namespace priorityd::daemon {

Result<std::unique_ptr<Scoring>> Scoring::open(const std::optional<std::filesystem::path>& state, const Log& log)
{
    auto programs = ProgramLookup::open();
    if (!programs)
        return tl::unexpected(programs.error());
    auto profiles = ProfileKeeper::open(state, log);
    if (!profiles)
        return tl::unexpected(profiles.error());
    return std::unique_ptr<Scoring>{new Scoring{*std::move(programs), *std::move(profiles)}};
}

Scoring::Scoring(std::unique_ptr<ProgramLookup> programs, std::unique_ptr<ProfileKeeper> profiles)
    : programs_{std::move(programs)},
      profiles_{std::move(profiles)},
      advisers_{programs_.get(), &outside_, &surroundings_, profiles_.get(), &lookout_}
{
}

Result<void> Scoring::attach(Lookout::Ties ties)
{
    auto answers = ties.loop.watch_fd(programs_->fd(), Priority::work, ties.on_news);
    auto outside_answers = ties.loop.add_work(Priority::work, ties.on_news);
    auto kept = ties.loop.watch_fd(profiles_->fd(), Priority::work, ties.on_news);
    for (const auto* source : {&answers, &outside_answers, &kept}) {
        if (!*source)
            return tl::unexpected(source->error());
    }
    answers_ = *std::move(answers);
    outside_answers_ = *std::move(outside_answers);
    kept_ = *std::move(kept);
    outside_.notify([this] { outside_answers_.enable(); });
    lookout_.attach(std::move(ties));
    return {};
}

void Scoring::use(const Policy& policy)
{
    const auto& settings = policy.settings().scoring;
    outside_.use(policy);
    lookout_.use(settings);
    const bool goes_by_profiles = settings.of(kProfilesEngine).is_enabled;
    profiles_->enable(goes_by_profiles);
    const bool has_outside = std::ranges::any_of(settings.engines, [&](const auto& engine) {
        return engine.second.address && settings.of(engine.first).is_enabled;
    });
    asked_ = {&lookout_};
    if (has_outside || settings.of(kMetadataEngine).is_enabled)
        asked_.push_back(programs_.get());
    if (has_outside)
        asked_.push_back(&outside_);
    if (settings.of(kSurroundingsEngine).is_enabled)
        asked_.push_back(&surroundings_);
    if (goes_by_profiles)
        asked_.push_back(profiles_.get());
}

FactSet Scoring::needs(const Snapshot& process) const
{
    FactSet wanted;
    for (const auto* adviser : asked_)
        wanted |= adviser->needs(process);
    return wanted;
}

std::vector<Vote> Scoring::votes_on(const Snapshot& process)
{
    std::vector<Vote> votes;
    for (auto* adviser : asked_)
        adviser->advise(process, votes);
    for (const auto& [program, advice] : lookout_.take_discoveries())
        profiles_->note(program, advice);
    return votes;
}

std::optional<Instant> Scoring::deadline(Instant now)
{
    std::optional<Instant> due;
    for (auto* adviser : advisers_)
        due = earlier(due, adviser->deadline(now));
    return due;
}

void Scoring::run_due(Instant now)
{
    for (auto* adviser : advisers_)
        adviser->run_due(now);
}

std::vector<Pid> Scoring::take_news(Instant now)
{
    std::vector<Pid> news;
    for (auto* adviser : advisers_) {
        const auto some = adviser->take_news(now);
        news.insert(news.end(), some.begin(), some.end());
    }
    if (auto timed = programs_->take_timed())
        surroundings_.set_timed(*std::move(timed));
    return news;
}

std::vector<EngineView> Scoring::views(const ScoringSettings& settings) const
{
    std::vector<EngineView> views;
    for (const ScoringEngine& engine : scoring_engines()) {
        const auto its = settings.of(engine.name);
        views.push_back(numbers_of(engine));
        views.back().name = engine.name;
        views.back().is_enabled = its.is_enabled;
        views.back().weight = its.weight;
    }
    auto outside = outside_.views(now());
    std::ranges::move(outside, std::back_inserter(views));
    return views;
}

/// What it has done since start.
EngineView Scoring::numbers_of(const ScoringEngine& engine) const
{
    if (engine.name == kBehaviourEngine)
        return lookout_.view_of_behaviour();
    if (engine.name == kGuardEngine)
        return lookout_.view_of_guard();
    EngineView view;
    if (engine.name == kSurroundingsEngine) {
        view.calls = surroundings_.calls();
        view.votes = surroundings_.votes();
        return view;
    }
    if (engine.name == kProfilesEngine) {
        view.calls = profiles_->asked();
        view.votes = profiles_->answered();
        view.cache = {.programs = static_cast<std::uint32_t>(profiles_->profiles().size()),
                      .hits = profiles_->answered(),
                      .misses = profiles_->asked() - profiles_->answered()};
        return view;
    }
    const auto& cache = programs_->cache();
    const auto& tally = cache.tally();
    const auto votes = tally.votes.find(engine.name);
    view.calls = tally.learned;
    view.votes = votes == tally.votes.end() ? 0 : votes->second;
    view.refused = programs_->refused();
    view.cache = {.programs = static_cast<std::uint32_t>(cache.size()),
                  .hits = tally.hits,
                  .misses = tally.misses,
                  .latency = programs_->latency()};
    return view;
}

}  // namespace priorityd::daemon
