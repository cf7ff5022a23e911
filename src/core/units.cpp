// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/units.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace priorityd {
namespace {

constexpr int kBitsPerWord = 64;

/// A whole decimal number and nothing else.
std::optional<int> parse_number(std::string_view text)
{
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number < 0)
        return std::nullopt;
    return number;
}

/// "3" or "0-3"; both ends included.
std::optional<std::pair<int, int>> parse_range(std::string_view text)
{
    const auto dash = text.find('-');
    const auto first = parse_number(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1));
    if (!first || !last || *last < *first || *last >= CpuSet::kMaxCpus)
        return std::nullopt;
    return std::pair{*first, *last};
}

struct DurationUnit {
    std::string_view name;
    std::int64_t nanoseconds;
};
/// Longest first, so that printing picks the largest unit that is exact.
constexpr std::array kDurationUnits{
    DurationUnit{"s", 1'000'000'000},
    DurationUnit{"ms", 1'000'000},
    DurationUnit{"us", 1'000},
    DurationUnit{"ns", 1},
};

}  // namespace

std::optional<CpuWeight> CpuWeight::make(std::int64_t value)
{
    if (value < 1 || value > 10000)
        return std::nullopt;
    return CpuWeight{static_cast<int>(value)};
}

std::optional<Slice> Slice::make(std::chrono::nanoseconds length)
{
    using namespace std::chrono_literals;
    if (length < 100us || length > 100ms)
        return std::nullopt;
    return Slice{std::chrono::duration_cast<std::chrono::microseconds>(length)};
}

std::optional<TimerSlack> TimerSlack::make(std::chrono::nanoseconds length)
{
    using namespace std::chrono_literals;
    // 4 s still fits the 32 bits that the kernel keeps on some machines; more than that is surely a mistake.
    if (length < 1ns || length > 4s)
        return std::nullopt;
    return TimerSlack{length};
}

std::optional<CpuSet> CpuSet::parse(std::string_view list)
{
    CpuSet set;
    while (true) {
        const auto comma = list.find(',');
        const auto range = parse_range(list.substr(0, comma));
        if (!range)
            return std::nullopt;
        for (int cpu = range->first; cpu <= range->second; ++cpu)
            set.add(cpu);
        if (comma == std::string_view::npos)
            return set;
        list.remove_prefix(comma + 1);
    }
}

void CpuSet::add(int cpu)
{
    const auto word = static_cast<std::size_t>(cpu / kBitsPerWord);
    if (word >= words_.size())
        words_.resize(word + 1);
    words_[word] |= std::uint64_t{1} << (cpu % kBitsPerWord);
}

bool CpuSet::contains(int cpu) const
{
    const auto word = static_cast<std::size_t>(cpu / kBitsPerWord);
    return cpu >= 0 && word < words_.size() && (words_[word] >> (cpu % kBitsPerWord) & 1) != 0;
}

int CpuSet::count() const
{
    int sum = 0;
    for (const auto word : words_)
        sum += std::popcount(word);
    return sum;
}

CpuSet CpuSet::minus(const CpuSet& other) const
{
    CpuSet rest = *this;
    for (std::size_t i = 0; i < std::min(words_.size(), other.words_.size()); ++i)
        rest.words_[i] &= ~other.words_[i];
    rest.trim();
    return rest;
}

CpuSet CpuSet::intersect(const CpuSet& other) const
{
    CpuSet both = *this;
    both.words_.resize(std::min(words_.size(), other.words_.size()));
    for (std::size_t i = 0; i < both.words_.size(); ++i)
        both.words_[i] &= other.words_[i];
    both.trim();
    return both;
}

CpuSet CpuSet::joined(const CpuSet& other) const
{
    CpuSet either = *this;
    either.words_.resize(std::max(words_.size(), other.words_.size()));
    for (std::size_t i = 0; i < other.words_.size(); ++i)
        either.words_[i] |= other.words_[i];
    return either;
}

std::string CpuSet::to_text() const
{
    std::string text;
    const int end = static_cast<int>(words_.size()) * kBitsPerWord;
    for (int cpu = 0; cpu < end; ++cpu) {
        if (!contains(cpu))
            continue;
        const int first = cpu;
        while (contains(cpu + 1))
            ++cpu;
        text += fmt::format("{}{}", text.empty() ? "" : ",", first);
        if (cpu > first)
            text += fmt::format("-{}", cpu);
    }
    return text;
}

void CpuSet::trim()
{
    while (!words_.empty() && words_.back() == 0)
        words_.pop_back();
}

std::optional<CpuSetName> CpuSetName::make(std::string_view text)
{
    constexpr std::array<std::string_view, 6> kWhole{"all",      "performance", "efficiency",
                                                     "llc:auto", "numa:auto",   "gpu-local"};
    if (std::ranges::find(kWhole, text) != kWhole.end())
        return CpuSetName{std::string{text}};
    for (const std::string_view prefix : {"numa:", "llc:"}) {
        if (text.starts_with(prefix) && parse_number(text.substr(prefix.size())))
            return CpuSetName{std::string{text}};
    }
    return std::nullopt;
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text)
{
    const auto unit_at = text.find_first_not_of("0123456789.");
    if (unit_at == std::string_view::npos || unit_at == 0)
        return std::nullopt;
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + unit_at, number);
    const auto* unit = std::ranges::find(kDurationUnits, text.substr(unit_at), &DurationUnit::name);
    if (error != std::errc{} || end != text.data() + unit_at || unit == kDurationUnits.end())
        return std::nullopt;
    const double nanoseconds = number * static_cast<double>(unit->nanoseconds);
    constexpr double kMost = 1e15;  // eleven days; doubles count nanoseconds exactly up to there
    if (nanoseconds > kMost)
        return std::nullopt;
    return std::chrono::nanoseconds{std::llround(nanoseconds)};
}

std::string duration_text(std::chrono::nanoseconds duration)
{
    const auto count = duration.count();
    const auto* unit =
        std::ranges::find_if(kDurationUnits, [&](const DurationUnit& u) { return count % u.nanoseconds == 0; });
    return fmt::format("{}{}", count / unit->nanoseconds, unit->name);
}

}  // namespace priorityd
