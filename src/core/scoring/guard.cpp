// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/guard.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace priorityd {
namespace {

using namespace std::chrono_literals;

/// For each time it wants a CPU, on average. On an idle machine it is 4 us; where it is 90, one turn in a hundred waits
/// for three milliseconds, which a person hears and feels (tests/bench/guard.py).
constexpr double kWaits = 50e-6;
constexpr double kWaitsNoMore = kWaits / 2;
/// Fewer turns a second make no average.
constexpr double kFewestTurns = 2;
/// A step has helped where they wait at least so much less.
constexpr double kHelped = 0.8;
/// A deeper step that is no better than this is not worth it.
constexpr double kAsGood = 1.1;
/// Of one CPU, that it uses or wants: less harms nobody.
constexpr double kHungry = 0.2;
constexpr auto kLongTurn = 5ms;
constexpr std::size_t kMostSuspects = 64;
/// Each is looked up for each suspect, to see what they share.
constexpr std::size_t kMostSpared = 16;

/// Of the turns that victims took: less left means that it is over.
constexpr double kMostOfThem = 0.2;

constexpr auto kLeastHold = 3s;
constexpr auto kMostHold = 60s;
constexpr auto kRelapse = 60s;
constexpr auto kInnocentFor = 60s;
/// Not more than so many steps in so long, whatever happens.
constexpr std::size_t kMostSteps = 8;
constexpr auto kStepsWithin = 20s;

/// What a rule knows is what the rule says, whatever it looks like.
bool is_interactive(const Participant& one)
{
    if (one.standing.is_raised || one.standing.is_spoken_for)
        return one.standing.is_raised;
    return one.standing.is_foreground || one.seen.manner == Manner::interactive || one.seen.manner == Manner::periodic;
}

/// Who is never lowered, whatever it does.
bool is_untouchable(const Standing& standing)
{
    return standing.is_spoken_for || standing.is_foreground;
}

double wait_a_turn(const Usage& usage)
{
    return usage.turns >= kFewestTurns ? usage.delayed / usage.turns : 0;
}

bool is_waiting(const Participant& one)
{
    const auto& sched = one.seen.sighting.sched;
    return is_interactive(one) && sched && !sched->is_realtime() && wait_a_turn(one.seen.usage) >= kWaits;
}

bool is_hungry(const Usage& usage)
{
    return (usage.cpus + usage.delayed >= kHungry && usage.burst >= kLongTurn) || usage.children_cpus >= kHungry;
}

/// What has a value that priorityd has not given it has it from somebody who wanted that.
bool is_as_it_was(const Participant& one)
{
    const auto& [nice, sched] = std::pair{one.seen.sighting.nice, one.seen.sighting.sched};
    return one.standing.is_decided || (nice && nice->value() == 0 && sched == SchedPolicy{});
}

template <typename Keys>
Keys both(const Keys& left, const Keys& right)
{
    Keys common;
    std::ranges::set_intersection(left, right, std::inserter(common, common.end()));
    return common;
}

std::string in_ms(double seconds)
{
    return fmt::format("{:.2f} ms", seconds * 1e3);
}

}  // namespace

void Guard::consider(const Round& round, Instant now)
{
    Keys untouchable;
    foreground_.clear();
    for (const auto& one : round.active) {
        if (is_untouchable(one.standing))
            untouchable.insert(one.seen.sighting.key);
        if (one.standing.is_foreground)
            foreground_.insert(one.seen.sighting.key);
    }
    let_go_of(untouchable);
    switch (phase_) {
        case Phase::watching: return watch(round, now);
        case Phase::trying: return judge_step(round, now);
        case Phase::holding: return hold(round, now);
    }
}

void Guard::watch(const Round& round, Instant now)
{
    Keys waiting = waiting_in(round);
    Keys victims = both(waiting, std::exchange(waited_before_, waiting));
    Keys suspects = suspects_in(round, now);
    if (!victims.empty() && !suspects.empty() && may_step(now))
        begin(std::move(victims), std::move(suspects), round, now);
}

void Guard::begin(Keys victims, Keys suspects, const Round& round, Instant now)
{
    ++tally_.episodes;
    const bool is_relapse = released_ && now - *released_ < kRelapse;
    hold_ = is_relapse ? std::clamp<std::chrono::seconds>(hold_ * 2, kLeastHold, kMostHold) : kLeastHold;
    victims_ = std::move(victims);
    suspects_ = std::move(suspects);
    victims_text_ = text_of(victims_, round);
    turns_before_.clear();
    for (const auto& one : round.active) {
        if (victims_.contains(one.seen.sighting.key))
            turns_before_[one.seen.sighting.key] = one.seen.usage.turns;
    }
    needless_since_.reset();
    waits_ = {};
    waits_.front() = wait_of(victims_, round).seconds;
    phase_ = Phase::trying;
    take_step(Step::weight, now);
}

/// The window that has just ended began with the step.
void Guard::judge_step(const Round& round, Instant now)
{
    const Wait wait = wait_of(victims_, round);
    if (is_over(wait, round, now))
        return release(now);
    if (wait.turns < kFewestTurns)
        return;
    waits_.at(static_cast<std::size_t>(step_)) = wait.seconds;
    if (wait.seconds > kWaitsNoMore && step_ != Step::idle && may_step(now))
        return take_step(static_cast<Step>(static_cast<int>(step_) + 1), now);
    conclude(now);
}

/// Keeps the first step that is as good as the last, or none when not even that has helped.
void Guard::conclude(Instant now)
{
    const auto last = static_cast<std::size_t>(step_);
    if (waits_.at(last) > waits_.front() * kHelped) {
        ++tally_.undone;
        for (const auto& suspect : suspects_)
            not_causal_[suspect] = now + kInnocentFor;
        return release(now);
    }
    ++tally_.helped;
    phase_ = Phase::holding;
    waited_before_.clear();
    std::size_t kept = 1;
    while (kept < last && waits_.at(kept) > std::max(waits_.at(last) * kAsGood, kWaitsNoMore))
        ++kept;
    if (kept != last)
        return take_step(static_cast<Step>(kept), now);
    explain_step();
}

void Guard::hold(const Round& round, Instant now)
{
    const Wait wait = wait_of(victims_, round);
    if (is_over(wait, round, now))
        return release(now);
    const Keys waiting = waiting_in(round);
    const Keys lasting = both(waiting, std::exchange(waited_before_, waiting));
    if (!lasting.empty() && may_step(now))
        help_more(lasting, round, now);
}

/// Somebody waits although something is restrained: others have become busy, or it was not enough.
void Guard::help_more(const Keys& waiting, const Round& round, Instant now)
{
    const std::size_t before = suspects_.size();
    suspects_.merge(suspects_in(round, now));
    if (suspects_.size() > before)
        return take_step(step_, now);
    if (step_ == Step::idle || both(waiting, victims_).empty())
        return;
    waits_.front() = wait_of(victims_, round).seconds;
    phase_ = Phase::trying;
    take_step(static_cast<Step>(static_cast<int>(step_) + 1), now);
}

/// Whether nobody needs it any more: at once when all of one side have ended, after a while when they only rest.
bool Guard::is_over(const Wait& wait, const Round& round, Instant now)
{
    std::erase_if(suspects_, [&](const ProcessKey& one) { return !round.is_there(one); });
    if (suspects_.empty() || have_victims_ended(round))
        return true;
    const bool is_anybody_hungry = std::ranges::any_of(round.active, [&](const Participant& one) {
        return suspects_.contains(one.seen.sighting.key) && is_hungry(one.seen.usage);
    });
    if (wait.turns >= kFewestTurns && is_anybody_hungry) {
        needless_since_.reset();
        return false;
    }
    if (!needless_since_)
        needless_since_ = now;
    return now - *needless_since_ >= hold_;
}

/// Those for whom it was done for the most part. Others that have waited a little with them would keep it up for ever.
bool Guard::have_victims_ended(const Round& round)
{
    double all = 0;
    double there = 0;
    for (const auto& [victim, turns] : turns_before_) {
        all += turns;
        if (round.is_there(victim))
            there += turns;
        else
            victims_.erase(victim);
    }
    return there < all * kMostOfThem;
}

Guard::Keys Guard::waiting_in(const Round& round)
{
    Keys keys;
    for (const auto& one : round.active) {
        if (is_waiting(one))
            keys.insert(one.seen.sighting.key);
    }
    return keys;
}

Guard::Keys Guard::suspects_in(const Round& round, Instant now) const
{
    std::vector<const Participant*> hungry;
    for (const auto& one : round.active) {
        const auto innocent = not_causal_.find(one.seen.sighting.key);
        const bool is_innocent = innocent != not_causal_.end() && innocent->second > now;
        if (is_hungry(one.seen.usage) && !is_interactive(one) && !is_untouchable(one.standing) && !is_innocent &&
            is_as_it_was(one))
            hungry.push_back(&one);
    }
    const auto appetite = [](const Participant* one) { return one->seen.usage.cpus + one->seen.usage.delayed; };
    std::ranges::sort(hungry, std::greater{}, appetite);
    Keys keys;
    for (std::size_t i = 0; i < std::min(hungry.size(), kMostSuspects); ++i)
        keys.insert(hungry[i]->seen.sighting.key);
    return keys;
}

Guard::Wait Guard::wait_of(const Keys& keys, const Round& round)
{
    double delayed = 0;
    Wait wait;
    for (const auto& one : round.active) {
        if (!keys.contains(one.seen.sighting.key))
            continue;
        delayed += one.seen.usage.delayed;
        wait.turns += one.seen.usage.turns;
    }
    wait.seconds = wait.turns > 0 ? delayed / wait.turns : 0;
    return wait;
}

/// "editor (42) and 2 others".
std::string Guard::text_of(const Keys& keys, const Round& round)
{
    const auto first = std::ranges::find_if(
        round.active, [&](const Participant& one) { return keys.contains(one.seen.sighting.key); });
    if (first == round.active.end())
        return {};
    const auto& sighting = first->seen.sighting;
    const auto others = keys.size() > 1 ? fmt::format(" and {} more", keys.size() - 1) : "";
    return fmt::format("{} ({}){}", sighting.comm, raw(sighting.key.pid), others);
}

void Guard::take_step(Step step, Instant now)
{
    step_ = step;
    steps_taken_.push_back(now);
    explain_step();
}

void Guard::explain_step()
{
    const double after = waits_.at(static_cast<std::size_t>(step_));
    const auto since = after > 0 ? in_ms(after) + " since" : "to be measured";
    const auto because = fmt::format("step {}: {} waited {} for each turn, {}", to_text(step_), victims_text_,
                                     in_ms(waits_.front()), since);
    const auto spared = spared_ones();
    for (const auto& suspect : suspects_) {
        Restraint restraint{step_, because, spared};
        auto& present = restrained_[suspect];
        if (present != restraint) {
            present = std::move(restraint);
            news_.push_back(suspect.pid);
        }
    }
}

std::vector<ProcessKey> Guard::spared_ones() const
{
    Keys all = foreground_;
    for (auto victim = victims_.begin(); victim != victims_.end() && all.size() < kMostSpared; ++victim)
        all.insert(*victim);
    return {all.begin(), all.end()};
}

void Guard::let_go_of(const Keys& processes)
{
    for (const auto& process : processes) {
        suspects_.erase(process);
        if (restrained_.erase(process) > 0)
            news_.push_back(process.pid);
    }
}

void Guard::release(Instant now)
{
    for (const auto& [process, restraint] : std::exchange(restrained_, {}))
        news_.push_back(process.pid);
    std::erase_if(not_causal_, [now](const auto& one) { return one.second <= now; });
    phase_ = Phase::watching;
    step_ = Step::none;
    suspects_.clear();
    victims_.clear();
    waited_before_.clear();
    released_ = now;
}

void Guard::stand_down()
{
    release(Instant{});
    released_.reset();
}

const Restraint* Guard::restraint_on(const ProcessKey& process) const
{
    if (restrained_.empty())
        return nullptr;
    const auto found = restrained_.find(process);
    return found == restrained_.end() ? nullptr : &found->second;
}

std::vector<Pid> Guard::take_news()
{
    return std::exchange(news_, {});
}

bool Guard::may_step(Instant now)
{
    while (!steps_taken_.empty() && now - steps_taken_.front() > kStepsWithin)
        steps_taken_.pop_front();
    return steps_taken_.size() < kMostSteps;
}

}  // namespace priorityd
