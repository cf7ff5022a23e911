// SPDX-License-Identifier: GPL-3.0-or-later
/// What asking may cost: so many requests in any hour, and so many tokens in any 24 hours. Pure; told the date, since
/// what was spent outlives the process.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>

namespace priorityd::llm {

using Date = std::chrono::sys_seconds;

/// A request, and what it has cost.
struct Expense {
    Date at;
    std::int64_t tokens = 0;  ///< Of question and answer.
    friend bool operator==(const Expense&, const Expense&) = default;
};

class Budget {
public:
    struct Limits {
        std::int64_t requests_per_hour;
        std::int64_t tokens_per_day;
    };
    explicit Budget(Limits limits) : limits_{limits} {}

    /// In order of time. What is from the future, because the clock was set back, counts as of now.
    void note(Expense expense);
    /// When the next request may be sent: `now`, or later.
    [[nodiscard]] Date next(Date now);
    /// "3 of 60 requests this hour, 1,204 of 500,000 tokens today".
    [[nodiscard]] std::string to_text(Date now);

private:
    void forget_before(Date now);

    Limits limits_;
    std::deque<Expense> spent_;  // in the last 24 hours
};

}  // namespace priorityd::llm
