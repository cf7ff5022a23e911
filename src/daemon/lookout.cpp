// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/lookout.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/scoring/engines.hpp"
#include "daemon/clocks.hpp"

namespace priorityd::daemon {

Lookout::Lookout() : usage_{kernel::KernelUsage::open()}
{
    if (usage_)
        behaviour_.emplace(*usage_);
}

void Lookout::attach(Ties ties)
{
    ties_.emplace(std::move(ties));
    watch();
}

void Lookout::use(const ScoringSettings& settings)
{
    wants_behaviour_ = settings.of(kBehaviourEngine).is_enabled;
    wants_guard_ = settings.of(kGuardEngine).is_enabled;
    if (!wants_guard_)
        guard_.stand_down();
    watch();
}

/// What costs something while somebody waits runs only where it is wanted.
void Lookout::watch()
{
    const bool is_wanted = ties_ && (wants_guard_ || wants_behaviour_);
    if (is_wanted == is_watching_)
        return;
    is_watching_ = is_wanted;
    pressure_.stop();
    blindness_ = usage_ ? "" : usage_.error().doing;
    if (!is_wanted || !behaviour_)
        return;
    const auto on_pressure = [this] {
        behaviour_->note_pressure(now());
        ties_->on_news();
    };
    if (auto started = pressure_.start(ties_->loop, on_pressure); !started)
        blindness_ = started.error().doing;
}

std::vector<Discovery> Lookout::take_discoveries()
{
    return behaviour_ ? behaviour_->take_discoveries() : std::vector<Discovery>{};
}

FactSet Lookout::needs(const Snapshot& process) const
{
    return behaviour_ && wants_behaviour_ ? behaviour_->needs(process) : FactSet{};
}

void Lookout::advise(const Snapshot& process, std::vector<Vote>& into)
{
    if (behaviour_ && wants_behaviour_)
        behaviour_->advise(process, into);
}

std::optional<Instant> Lookout::deadline(Instant now)
{
    return earlier(behaviour_ ? behaviour_->deadline(now) : std::nullopt, pressure_.deadline());
}

void Lookout::run_due(Instant now)
{
    pressure_.run_due(now);
    if (!behaviour_)
        return;
    behaviour_->run_due(now);
    if (wants_guard_)
        ask_guard(now);
}

void Lookout::ask_guard(Instant now)
{
    auto observations = behaviour_->take_round();
    if (!observations)
        return;
    Round round{.active = {}, .is_there = [this](const ProcessKey& process) { return behaviour_->has(process.pid); }};
    round.active.reserve(observations->size());
    for (auto& one : *observations) {
        const auto standing = ties_->standing_of(one.sighting.key);
        round.active.push_back({std::move(one), standing});
    }
    guard_.consider(round, now);
    if (guard_.is_holding())
        behaviour_->note_pressure(now);
}

std::vector<Pid> Lookout::take_news(Instant now)
{
    auto news = guard_.take_news();
    if (behaviour_) {
        const auto seen = behaviour_->take_news(now);
        news.insert(news.end(), seen.begin(), seen.end());
    }
    return news;
}

EngineView Lookout::view_of_behaviour() const
{
    const auto tally = behaviour_ ? behaviour_->tally() : BehaviourWatch::Tally{};
    EngineView view;
    view.calls = tally.samples;
    view.votes = tally.votes;
    view.health = blindness_.empty() ? "ready" : blindness_;
    view.cache.latency = tally.cost;
    return view;
}

EngineView Lookout::view_of_guard() const
{
    EngineView view;
    view.calls = guard_.tally().episodes;
    view.votes = guard_.tally().helped;
    view.failures = guard_.tally().undone;
    if (!blindness_.empty())
        view.health = blindness_;
    else if (guard_.is_holding())
        view.health = fmt::format("restrains {}", guard_.restrained());
    return view;
}

}  // namespace priorityd::daemon
