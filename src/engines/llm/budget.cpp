// SPDX-License-Identifier: GPL-3.0-or-later
#include "engines/llm/budget.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace priorityd::llm {
namespace {

using namespace std::chrono_literals;

constexpr auto kHour = 1h;
constexpr auto kDay = 24h;

}  // namespace

void Budget::note(Expense expense)
{
    spent_.push_back(expense);
}

void Budget::forget_before(Date now)
{
    while (!spent_.empty() && spent_.front().at + kDay <= now)
        spent_.pop_front();
    for (auto& one : spent_)
        one.at = std::min(one.at, now);
}

Date Budget::next(Date now)
{
    forget_before(now);
    Date next = now;
    std::int64_t requests = 0;
    std::int64_t tokens = 0;
    // From the latest on: the one with which a limit is reached has to grow old first.
    for (std::size_t i = spent_.size(); i-- > 0;) {
        const auto& one = spent_[i];
        if (++requests == limits_.requests_per_hour)
            next = std::max(next, one.at + kHour);
        const bool had_tokens = tokens < limits_.tokens_per_day;
        tokens += one.tokens;
        if (had_tokens && tokens >= limits_.tokens_per_day)
            next = std::max(next, one.at + kDay);
    }
    return next;
}

std::string Budget::to_text(Date now)
{
    forget_before(now);
    const auto in_hour = std::ranges::count_if(spent_, [now](const Expense& one) { return one.at + kHour > now; });
    std::int64_t tokens = 0;
    for (const auto& one : spent_)
        tokens += one.tokens;
    return fmt::format("{} of {} requests this hour, {} of {} tokens today", in_hour, limits_.requests_per_hour, tokens,
                       limits_.tokens_per_day);
}

}  // namespace priorityd::llm
