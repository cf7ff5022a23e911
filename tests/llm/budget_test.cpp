// SPDX-License-Identifier: GPL-3.0-or-later
/// What asking a model may cost.
#include "engines/llm/budget.hpp"

#include <doctest/doctest.h>

using namespace priorityd::llm;
using namespace std::chrono_literals;

namespace {

constexpr Date kStart{std::chrono::sys_days{std::chrono::year{2026} / 3 / 4}};

}  // namespace

TEST_CASE("so many requests in any hour, and the next when the first of them is an hour old")
{
    Budget budget{{.requests_per_hour = 3, .tokens_per_day = 1000}};
    CHECK(budget.next(kStart) == kStart);
    for (const auto at : {0min, 10min, 20min})
        budget.note({.at = kStart + at, .tokens = 1});
    CHECK(budget.next(kStart + 30min) == kStart + 60min);
    CHECK(budget.next(kStart + 60min) == kStart + 60min);
    budget.note({.at = kStart + 60min, .tokens = 1});
    CHECK(budget.next(kStart + 61min) == kStart + 70min);
    CHECK(budget.to_text(kStart + 61min) == "3 of 3 requests this hour, 4 of 1000 tokens today");
}

TEST_CASE("so many tokens in any 24 hours, however few requests they were")
{
    Budget budget{{.requests_per_hour = 100, .tokens_per_day = 1000}};
    budget.note({.at = kStart, .tokens = 400});
    budget.note({.at = kStart + 1h, .tokens = 500});
    CHECK(budget.next(kStart + 1h) == kStart + 1h);
    budget.note({.at = kStart + 2h, .tokens = 700});
    CHECK(budget.next(kStart + 3h) == kStart + 25h);
    CHECK(budget.next(kStart + 25h) == kStart + 25h);
    CHECK(budget.to_text(kStart + 25h) == "0 of 100 requests this hour, 700 of 1000 tokens today");
}

TEST_CASE("where the clock was set back, what was spent counts from now on and not for ever")
{
    Budget budget{{.requests_per_hour = 1, .tokens_per_day = 1000}};
    budget.note({.at = kStart + 24h * 365, .tokens = 1});
    CHECK(budget.next(kStart) == kStart + 1h);
    CHECK(budget.next(kStart + 1h) == kStart + 1h);
}
