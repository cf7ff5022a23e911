// SPDX-License-Identifier: GPL-3.0-or-later
/// Programs that status tells of.
#include "core/neighbours.hpp"

#include <doctest/doctest.h>

#include "core/knobs.hpp"

namespace priorityd {

TEST_CASE("a neighbour is known by the name that the kernel has of it, cut as it is")
{
    REQUIRE(find_neighbour("system76-schedu"));
    CHECK(find_neighbour("system76-schedu")->name == "system76-scheduler");
    CHECK(find_neighbour("kubelet")->manner.find("CPUs of their own") != std::string_view::npos);
    CHECK_FALSE(find_neighbour("bash"));
    CHECK_FALSE(find_neighbour(""));
}

TEST_CASE("where the kernel gathers threads by cache, the knob says what is left to it")
{
    const Knobs knobs{{"cpus", {true, "isolated CPUs left out"}}, {"nice", {true, ""}}};
    CHECK(beside_gathering(false, knobs).at("cpus").why == "isolated CPUs left out");
    CHECK(beside_gathering(true, knobs).at("cpus").why ==
          "isolated CPUs left out; the kernel gathers threads by cache: \"llc:auto\" is left to it");
    CHECK(beside_gathering(true, knobs).at("nice").why.empty());
    CHECK(beside_gathering(true, {}).empty());
}

}  // namespace priorityd
