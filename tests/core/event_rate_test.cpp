// SPDX-License-Identifier: GPL-3.0-or-later
/// When many events are a storm, and when it is over.
#include "core/event_rate.hpp"

#include <doctest/doctest.h>

using namespace priorityd;
using namespace std::chrono_literals;

TEST_CASE("a short burst is no storm, lasting many events are, and it ends")
{
    EventRate rate;
    Instant now{1h};
    rate.note(1, now);
    rate.note(500, now + 1ms);
    CHECK_FALSE(rate.is_storm());
    for (int i = 0; i < 50; ++i)
        rate.note(10, now += 1ms);
    CHECK(rate.is_storm());
    for (int i = 0; i < 50; ++i)
        rate.note(1, now += 1ms);
    CHECK_FALSE(rate.is_storm());
}

TEST_CASE("an event after a long pause is no storm, whatever came before the pause")
{
    EventRate rate;
    Instant now{1h};
    for (int i = 0; i < 50; ++i)
        rate.note(10, now += 1ms);
    REQUIRE(rate.is_storm());
    rate.note(1, now += 10s);
    CHECK_FALSE(rate.is_storm());
}
