// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/behaviour_watch.hpp"

#include <algorithm>
#include <utility>

#include "core/names.hpp"
#include "core/scoring/engines.hpp"
#include "core/scoring/lexicon.hpp"

namespace priorityd {
namespace {

/// Between the first two rounds nothing but clocks is compared: who does anything at all.
constexpr auto kFirstRound = std::chrono::milliseconds{100};
/// At first often, so that somebody who waits is helped soon; each window still has dozens of wake-ups.
constexpr auto kQuickRound = std::chrono::milliseconds{500};
constexpr auto kQuickFor = std::chrono::seconds{10};
constexpr auto kRound = std::chrono::seconds{1};
/// The time until the next round is so many times what one has cost: at first a third, then a fifth of a per cent of
/// one CPU at most.
constexpr int kQuickRests = 300;
constexpr int kRests = 500;
/// Samples in one turn, during which events wait: a quarter of a millisecond.
constexpr std::size_t kStep = 10;
/// Of one CPU: who uses less does nothing that matters to anybody.
constexpr double kActive = 0.0005;
/// Programs start differently from what they do later.
constexpr auto kLearnedAfter = std::chrono::seconds{10};
/// Somebody who types pauses for some seconds.
constexpr auto kForgetIdleAfter = std::chrono::seconds{4};

/// A program that renders, plays or records has somebody in front of it, however busy it is.
bool is_in_use(const Snapshot& process)
{
    return process.uses.gpu || process.uses.audio;
}

}  // namespace

void BehaviourWatch::note_pressure(Instant now)
{
    if (!due_) {
        due_ = now;
        pressure_since_ = now;
    }
    pressure_noted_ = now;
}

std::optional<std::vector<Observation>> BehaviourWatch::take_round()
{
    return std::exchange(is_round_whole_, false) ? std::optional{std::exchange(round_, {})} : std::nullopt;
}

std::vector<Discovery> BehaviourWatch::take_discoveries()
{
    return std::exchange(discoveries_, {});
}

FactSet BehaviourWatch::needs(const Snapshot& process) const
{
    const auto found = opinions_.find(process.key.pid);
    if (found == opinions_.end())
        return {};
    const auto& advice = found->second.advice.held();
    const bool lowers = advice && attention(advice->program_class) == Attention::nobody;
    FactSet wanted = Fact::exe;
    if (lowers)
        wanted |= Fact::devices;
    if (found->second.has_lasted && !found->second.is_found)
        wanted |= Fact::file_id;
    return wanted;
}

void BehaviourWatch::advise(const Snapshot& process, std::vector<Vote>& into)
{
    const auto found = opinions_.find(process.key.pid);
    if (found == opinions_.end())
        return;
    Opinion& opinion = found->second;
    if (opinion.exe.empty())
        opinion.exe = process.exe;
    if (opinion.key != process.key || opinion.exe != process.exe) {
        watched_.erase(found->first);
        opinions_.erase(found);  // another program runs there now
        return;
    }
    const auto& advice = opinion.advice.held();
    if (!advice || (is_in_use(process) && attention(advice->program_class) == Attention::nobody))
        return;
    into.push_back({std::string{kBehaviourEngine}, *advice});
    find(process, opinion);
}

void BehaviourWatch::find(const Snapshot& process, Opinion& opinion)
{
    if (!opinion.has_lasted || std::exchange(opinion.is_found, true))
        return;
    const bool is_its_own = !process.names.empty() && process.names.front() == base_name(process.exe);
    if (is_its_own && process.file_id != FileId{})
        discoveries_.push_back({{process.exe, process.file_id}, *opinion.advice.held()});
}

std::optional<Instant> BehaviourWatch::deadline(Instant /*now*/)
{
    return due_;
}

void BehaviourWatch::run_due(Instant now)
{
    if (!due_ || *due_ > now)
        return;
    const auto before = source_.spent();
    if (queue_.empty())
        begin_round(now);
    for (std::size_t i = 0; i < kStep && !queue_.empty(); ++i) {
        const Pid pid = queue_.back();
        queue_.pop_back();
        look_at(pid, now);
    }
    cost_ += source_.spent() - before;
    if (queue_.empty())
        end_round(now);
}

void BehaviourWatch::begin_round(Instant now)
{
    const std::chrono::duration<double> passed = now - std::exchange(round_began_, now);
    const bool is_first = clocks_.empty();
    const auto floor = std::chrono::nanoseconds{static_cast<std::int64_t>(kActive * passed.count() * 1e9)};
    std::unordered_map<Pid, std::chrono::nanoseconds> clocks;
    std::set<Pid> left_out;
    round_.clear();
    for (const Pid pid : source_.list()) {
        const bool is_left_out = left_out_.contains(pid);
        const auto time = is_left_out ? std::nullopt : source_.cpu_time(pid);
        if (is_left_out)
            left_out.insert(pid);
        if (!time)
            continue;
        clocks.emplace(pid, *time);
        const auto earlier = clocks_.find(pid);
        const auto ran = *time - (earlier == clocks_.end() ? std::chrono::nanoseconds{} : earlier->second);
        if (!is_first && (ran > floor || watched_.contains(pid)))
            queue_.push_back(pid);
    }
    std::erase_if(watched_, [&](const auto& one) { return !clocks.contains(one.first); });
    std::erase_if(opinions_, [&](const auto& one) { return !clocks.contains(one.first); });
    clocks_ = std::move(clocks);
    left_out_ = std::move(left_out);
    if (is_first)
        due_ = now + kFirstRound;
}

void BehaviourWatch::look_at(Pid pid, Instant now)
{
    const auto sighting = source_.look_at(pid);
    ++tally_.samples;
    if (!sighting || sighting->is_kernel_thread) {
        watched_.erase(pid);
        if (sighting)
            left_out_.insert(pid);
        return;
    }
    const auto [found, is_new] = watched_.try_emplace(pid, Watched{*sighting, {}, now});
    if (!is_new && found->second.sighting.key != sighting->key) {
        found->second = Watched{*sighting, {}, now};
        opinions_.erase(pid);
    }
    note(found->second, *sighting, now);
    // Whoever starts short children does little by itself.
    if (is_new && clocks_.contains(sighting->parent) && !watched_.contains(sighting->parent) &&
        !left_out_.contains(sighting->parent) && std::ranges::find(queue_, sighting->parent) == queue_.end())
        queue_.push_back(sighting->parent);
}

void BehaviourWatch::note(Watched& watched, const Sighting& sighting, Instant now)
{
    watched.sighting = sighting;
    watched.behaviour.add(sighting.usage);
    const auto* usage = watched.behaviour.last();
    if (!usage)
        return;
    if (usage->cpus > kActive || usage->children_cpus > kActive)
        watched.active = now;
    round_.push_back({sighting, *usage, watched.behaviour.manner()});
    auto advice = watched.behaviour.advice();
    if (!advice)
        return;
    const Pid pid = sighting.key.pid;
    Opinion& opinion = opinions_.try_emplace(pid, Opinion{.key = sighting.key, .since = now}).first->second;
    if (opinion.advice.note(std::move(advice), now)) {
        ++tally_.votes;
        news_.push_back(pid);
    }
    note_lasting(opinion, now);
}

/// What it is by then is what it will be taken for at its next start.
void BehaviourWatch::note_lasting(Opinion& opinion, Instant now)
{
    if (opinion.has_lasted || now - opinion.since < kLearnedAfter)
        return;
    opinion.has_lasted = true;
    news_.push_back(opinion.key.pid);
}

void BehaviourWatch::end_round(Instant now)
{
    tally_.cost = std::chrono::ceil<std::chrono::microseconds>(cost_);
    const bool is_quick = now - pressure_since_ < kQuickFor;
    const Instant::duration rest = std::exchange(cost_, {}) * (is_quick ? kQuickRests : kRests);
    if (due_ && *due_ > now)
        return;  // the first one
    ++tally_.rounds;
    is_round_whole_ = true;
    std::erase_if(watched_, [now](const auto& one) { return now - one.second.active > kForgetIdleAfter; });
    // Whoever says so after each round is in time, however long the rounds are apart.
    const bool is_wanted = now <= pressure_noted_ + kPatience || pressure_noted_ >= round_ended_;
    round_ended_ = now;
    if (!is_wanted)
        return this->rest();
    const Instant::duration usual = is_quick ? kQuickRound : Instant::duration{kRound};
    due_ = round_began_ + std::max(usual, rest);
}

/// What was learned of processes stays; what it was learned from would be of another time.
void BehaviourWatch::rest()
{
    due_.reset();
    clocks_.clear();
    left_out_.clear();
    watched_.clear();
}

std::vector<Pid> BehaviourWatch::take_news(Instant /*now*/)
{
    return std::exchange(news_, {});
}

}  // namespace priorityd
