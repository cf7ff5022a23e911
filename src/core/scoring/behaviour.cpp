// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/behaviour.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace priorityd {
namespace {

/// Fewer windows are no lasting evidence.
constexpr std::size_t kFewestWindows = 2;
/// From so many on all of them count.
constexpr double kEnoughWindows = 3;
/// Less than so many of the windows alike is a program of no one manner.
constexpr double kMostOfThem = 0.7;
/// What it does for a while may be an exception.
constexpr double kSurest = 0.9;
/// A game, a solver that somebody waits for and a program that hangs run as hard as one that nobody waits for. So it
/// takes another witness to lower a program for good: its package, or how it was at earlier starts. What harm it does
/// meanwhile is the guard's business.
constexpr double kNotAlone = 0.35;

// What tells the manners apart. Each leaves room on both sides of what the recorded workloads show.
constexpr double kIdleCpus = 0.005;
constexpr double kIdleWakeups = 5;
constexpr double kStorageBytes = 4 << 20;
constexpr double kIdleBytes = 64 << 10;
constexpr double kHogCpus = 0.7;
constexpr auto kHogBurst = std::chrono::milliseconds{5};
constexpr double kBuildCpus = 0.3;
constexpr double kPeriodicCpus = 0.6;
constexpr double kSlowestPeriod = 20;    // a second: slower than any film
constexpr double kFastestPeriod = 2000;  // a second: a sound server with buffers of half a millisecond
constexpr double kEven = 0.1;            // standard deviation against mean
constexpr int kCrowd = 32;               // threads; a browser has more, and few of them are awake
constexpr double kCrowdWakeups = 1;      // a second, by each thread
constexpr double kInteractiveCpus = 0.4;
constexpr auto kInteractiveBurst = std::chrono::milliseconds{20};
constexpr double kFewestWakeups = 0.2;

struct Meaning {
    Manner manner;
    std::string_view text;
    std::string_view program_class;  ///< Empty where the manner says nothing.
    double surest = 0;
};
constexpr std::array<Meaning, 8> kMeanings{{
    {Manner::idle, "idle", ""},
    {Manner::hog, "runs whenever it may", "batch", kNotAlone},
    {Manner::build, "has short children run for it", "build", kNotAlone},
    {Manner::periodic, "short bursts at an even rate", "media", kSurest},
    {Manner::interactive, "short bursts after sleep", "interactive", kSurest},
    {Manner::crowd, "many threads with little to do each", "service", kSurest},
    {Manner::storage, "reads and writes", "batch", kNotAlone},
    {Manner::mixed, "of no one manner", ""},
}};

const Meaning& meaning_of(Manner manner)
{
    return kMeanings.at(static_cast<std::size_t>(manner));
}

bool has_gone_back(const UsageSample& earlier, const UsageSample& later)
{
    return later.when <= earlier.when || later.run < earlier.run;
}

}  // namespace

std::string_view to_text(Manner manner)
{
    return meaning_of(manner).text;
}

void Behaviour::add(const UsageSample& sample)
{
    if (last_ && has_gone_back(*last_, sample))
        windows_.clear();
    else if (last_)
        windows_.push_back(usage_between(*last_, sample));
    last_ = sample;
    if (windows_.size() > kWindows)
        windows_.pop_front();
}

/// What a program with a clock does has hardly any spread from window to window.
bool Behaviour::is_even() const
{
    if (windows_.size() < kFewestWindows)
        return false;
    const auto count = static_cast<double>(windows_.size());
    double mean = 0;
    for (const Usage& one : windows_)
        mean += one.wakeups / count;
    double variance = 0;
    for (const Usage& one : windows_)
        variance += (one.wakeups - mean) * (one.wakeups - mean) / count;
    return std::sqrt(variance) <= kEven * mean;
}

Manner Behaviour::manner_of(const Usage& usage) const
{
    if (usage.children_cpus >= kBuildCpus)
        return Manner::build;
    if (usage.cpus + usage.delayed >= kHogCpus && usage.burst >= kHogBurst)
        return Manner::hog;
    if (usage.bytes >= kStorageBytes && usage.cpus < kHogCpus)
        return Manner::storage;
    if (usage.cpus < kIdleCpus && usage.wakeups < kIdleWakeups && usage.bytes < kIdleBytes)
        return Manner::idle;
    if (usage.threads >= kCrowd && usage.wakeups >= usage.threads * kCrowdWakeups)
        return Manner::crowd;
    const bool is_at_a_rate = usage.wakeups >= kSlowestPeriod && usage.wakeups <= kFastestPeriod;
    if (is_at_a_rate && usage.cpus < kPeriodicCpus && is_even())
        return Manner::periodic;
    if (usage.cpus < kInteractiveCpus && usage.burst < kInteractiveBurst && usage.wakeups >= kFewestWakeups)
        return Manner::interactive;
    return Manner::mixed;
}

Manner Behaviour::manner() const
{
    std::array<std::size_t, kMeanings.size()> seen{};
    for (const Usage& one : windows_)
        ++seen.at(static_cast<std::size_t>(manner_of(one)));
    return static_cast<Manner>(std::distance(seen.begin(), std::ranges::max_element(seen)));
}

std::optional<Advice> Behaviour::advice() const
{
    if (windows_.size() < kFewestWindows)
        return std::nullopt;
    const Manner most = manner();
    const auto& meaning = meaning_of(most);
    if (meaning.program_class.empty())
        return std::nullopt;
    const auto alike = std::ranges::count_if(windows_, [&](const Usage& one) { return manner_of(one) == most; });
    const auto count = static_cast<double>(windows_.size());
    if (static_cast<double>(alike) < kMostOfThem * count)
        return std::nullopt;
    const Usage& last = windows_.back();
    return Advice{
        .program_class = std::string{meaning.program_class},
        .confidence = meaning.surest * static_cast<double>(alike) / count * std::min(1.0, count / kEnoughWindows),
        .because = fmt::format("{}: {:.2f} CPUs, {:.2f} by children, {:.0f} wake-ups a second, {:.1f} MB/s",
                               meaning.text, last.cpus, last.children_cpus, last.wakeups, last.bytes / 1e6)};
}

}  // namespace priorityd
