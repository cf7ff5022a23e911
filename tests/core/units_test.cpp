// SPDX-License-Identifier: GPL-3.0-or-later
/// Values know their range, and their spelling is read back as they were.
#include "core/units.hpp"

#include <doctest/doctest.h>

#include "core/setting.hpp"

using namespace priorityd;
using namespace std::chrono_literals;

TEST_CASE("a number out of range is refused, not clamped")
{
    CHECK(Nice::make(-20)->value() == -20);
    CHECK(Nice::make(19)->value() == 19);
    CHECK_FALSE(Nice::make(20));
    CHECK_FALSE(Nice::make(-21));
    CHECK_FALSE(OomScoreAdj::make(1001));
    CHECK_FALSE(CpuWeight::make(0));
    CHECK_FALSE(UclampPercent::make(101));
    CHECK_FALSE(Nice::make(std::int64_t{1} << 40));
}

TEST_CASE("a CPU list is read as the kernel writes it")
{
    const auto set = CpuSet::parse("0-3,8");
    REQUIRE(set);
    CHECK(set->count() == 5);
    CHECK(set->contains(8));
    CHECK_FALSE(set->contains(4));
    CHECK(set->to_text() == "0-3,8");
    CHECK(CpuSet::parse("8,3,1-2,0") == set);
    CHECK(CpuSet::parse("64-65")->to_text() == "64-65");
}

TEST_CASE("what is no CPU list is refused")
{
    for (const auto* text : {"", "a", "3-1", "1-", "-1", "1,,2", "1,", "0-8192", "99999999999", "1 2"})
        CHECK_MESSAGE(!CpuSet::parse(text), text);
}

TEST_CASE("taking CPUs out leaves equal sets equal")
{
    const auto big = *CpuSet::parse("0-3,100");
    CHECK(big.minus(*CpuSet::parse("100")) == *CpuSet::parse("0-3"));
    CHECK(big.intersect(*CpuSet::parse("2-64")).to_text() == "2-3");
    CHECK(big.minus(big).empty());
}

TEST_CASE("durations are read with their unit and printed in the largest exact one")
{
    CHECK(parse_duration("100us") == 100us);
    CHECK(parse_duration("1.5ms") == 1500us);
    CHECK(parse_duration("2s") == 2s);
    CHECK(duration_text(1500us) == "1500us");
    CHECK(duration_text(3ms) == "3ms");
    for (const auto* text : {"", "5", "us", "-1ms", "1h", "1e9s", "1.2.3s", "999999999999999999s"})
        CHECK_MESSAGE(!parse_duration(text), text);
}

TEST_CASE("every setting reads back what it prints")
{
    const std::vector<std::pair<Setting, RawValue>> rows{{Setting::program_class, "media"},
                                                         {Setting::nice, -4},
                                                         {Setting::sched, "fifo/10"},
                                                         {Setting::sched, "batch"},
                                                         {Setting::slice, "3ms"},
                                                         {Setting::io, "best-effort/2"},
                                                         {Setting::io, "idle"},
                                                         {Setting::cpu_weight, "idle"},
                                                         {Setting::cpu_weight, 250},
                                                         {Setting::io_weight, 10},
                                                         {Setting::cpus, "0-3,8"},
                                                         {Setting::cpus, "numa:1"},
                                                         {Setting::oom_score_adj, -500},
                                                         {Setting::timer_slack, "50us"},
                                                         {Setting::uclamp_min, 20},
                                                         {Setting::uclamp_max, 100},
                                                         {Setting::children, "reset"}};
    for (const auto& row : rows) {
        const auto value = parse_value(row.first, row.second);
        REQUIRE_MESSAGE(value, info(row.first).name);
        CHECK_MESSAGE(to_raw(*value) == row.second, info(row.first).name);
    }
}

TEST_CASE("a wrong value is refused with what was expected instead")
{
    const std::vector<std::pair<Setting, RawValue>> rows{
        {Setting::nice, 25},           {Setting::nice, "low"},          {Setting::sched, "fifo/0"},
        {Setting::sched, "fifo/100"},  {Setting::sched, "rr"},          {Setting::sched, 3},
        {Setting::slice, "50us"},      {Setting::slice, "101ms"},       {Setting::io, "best-effort"},
        {Setting::io, "realtime/8"},   {Setting::cpu_weight, 0},        {Setting::cpu_weight, "low"},
        {Setting::cpus, "numa:x"},     {Setting::cpus, "fast"},         {Setting::children, "none"},
        {Setting::timer_slack, "0ns"}, {Setting::io, "best-effort/2x"}, {Setting::uclamp_max, -1},
        {Setting::program_class, ""}};
    for (const auto& row : rows)
        CHECK_MESSAGE(!parse_value(row.first, row.second), to_text(row.second));
    CHECK(parse_value(Setting::nice, 25).error().message() == "nice = 25: expected a whole number from -20 to 19");
}

TEST_CASE("the table of settings is in the order of the enumeration")
{
    for (std::size_t i = 0; i < kSettingCount; ++i)
        CHECK(static_cast<std::size_t>(setting_table()[i].setting) == i);
}

TEST_CASE("a setting map keeps one value a setting, in order")
{
    SettingMap map;
    map.set(Setting::sched, SchedPolicy{});
    map.set(Setting::nice, *Nice::make(3));
    map.set(Setting::nice, *Nice::make(5));
    REQUIRE(map.size() == 2);
    CHECK(map.begin()->first == Setting::nice);
    CHECK(find_value<Nice>(map, Setting::nice)->value() == 5);
    map.erase(Setting::nice);
    CHECK_FALSE(map.contains(Setting::nice));
}
