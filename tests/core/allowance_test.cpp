// SPDX-License-Identifier: GPL-3.0-or-later
/// Time that is saved up, spent and paid back.
#include "core/allowance.hpp"

#include <doctest/doctest.h>

using namespace priorityd;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("what was not used is saved up, and no more than so much")
{
    Allowance allowance{0.01, milliseconds{10}};
    const Instant begin{seconds{1000}};
    CHECK(allowance.is_left(begin));
    allowance.spend(milliseconds{9});
    CHECK(allowance.is_left(begin));
    allowance.spend(milliseconds{1});
    CHECK_FALSE(allowance.is_left(begin));
    CHECK(allowance.is_left(begin + milliseconds{100}));
    CHECK(allowance.is_left(begin + seconds{1000}));
    allowance.spend(milliseconds{10});
    CHECK_FALSE(allowance.is_left(begin + seconds{1000}));
}

TEST_CASE("what was spent beyond it is paid back first")
{
    Allowance allowance{0.01, milliseconds{10}};
    const Instant begin{seconds{1000}};
    CHECK(allowance.is_left(begin));
    allowance.spend(milliseconds{20});
    CHECK_FALSE(allowance.is_left(begin + milliseconds{900}));
    CHECK(allowance.is_left(begin + milliseconds{1100}));
}
