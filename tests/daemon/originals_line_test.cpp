// SPDX-License-Identifier: GPL-3.0-or-later
/// One line of the journal of originals: what is written is read back, and nothing else is read.
#include "daemon/originals_line.hpp"

#include <random>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace priorityd;
using namespace priorityd::daemon;

namespace {

Value value_of(Setting setting, const RawValue& raw_value)
{
    const auto value = parse_value(setting, raw_value);
    REQUIRE(value);
    return *value;
}

std::string line_of(const Original& original)
{
    std::string line;
    append_line(original, line);
    REQUIRE(line.ends_with('\n'));
    line.pop_back();
    CHECK(line.find('\n') == std::string::npos);
    return line;
}

/// Every kind of value that each setting can have, with the ends of its range.
const std::vector<std::pair<Setting, std::vector<RawValue>>> kValues{
    {Setting::nice, {-20, 0, 19}},
    {Setting::sched, {"other", "batch", "idle", "fifo/1", "fifo/99", "rr/10"}},
    {Setting::slice, {"100us", "3ms", "1500us", "100ms"}},
    {Setting::io, {"none", "idle", "realtime/0", "realtime/7", "best-effort/0", "best-effort/7"}},
    {Setting::cpu_weight, {1, 10000, "idle"}},
    {Setting::io_weight, {1, 10000}},
    {Setting::cpus,
     {"0", "3", "0-1", "0-63", "0-64", "1-127", "0-3,8", "63-64", "1,3,5", "0-8191", "8191", "64", "all", "numa:0",
      "gpu-local"}},
    {Setting::oom_score_adj, {-1000, 0, 1000}},
    {Setting::timer_slack, {"1ns", "50us", "4s", "999999999ns"}},
    {Setting::uclamp_min, {0, 100}},
    {Setting::uclamp_max, {0, 100}},
    {Setting::children, {"inherit", "reset"}},
};

}  // namespace

TEST_CASE("an original is a line of five words")
{
    const Original original{.process = {Pid{4242}, 987654321},
                            .setting = Setting::cpus,
                            .before = value_of(Setting::cpus, "0-3,8"),
                            .written = value_of(Setting::cpus, "1")};
    CHECK(line_of(original) == "4242 987654321 cpus 0-3,8 1");
}

TEST_CASE("every value of every setting that a process has comes back")
{
    CHECK(kValues.size() == kSettingCount - 1);  // the class is nothing that a process has
    for (const auto& row : kValues) {
        for (const auto& before : row.second) {
            for (const auto& written : row.second) {
                const Original original{.process = {Pid{2147483647}, ~std::uint64_t{0}},
                                        .setting = row.first,
                                        .before = value_of(row.first, before),
                                        .written = value_of(row.first, written)};
                const auto line = line_of(original);
                CHECK_MESSAGE(parse_line(line) == Line{original}, line);
            }
        }
    }
    CHECK_FALSE(is_kept_in_journal(Setting::program_class));
}

TEST_CASE("the original of a session is a line of four words, and comes back")
{
    const SessionOriginal original{
        .autogroup = ~std::uint64_t{0}, .before = *Nice::make(0), .written = *Nice::make(-20)};
    std::string line;
    append_line(original, line);
    CHECK(line == "autogroup 18446744073709551615 0 -20\n");
    line.pop_back();
    CHECK(parse_line(line) == Line{original});
    for (const auto* other : {"autogroup", "autogroup 1", "autogroup 1 0", "autogroup 1 0 ", "autogroup 1 0 20",
                              "autogroup 1 -21 0", "autogroup 1 0 3 4", "autogroup -1 0 3", "autogroup x 0 3",
                              "autogroups 1 0 3", " autogroup 1 0 3", "autogroup  1 0 3"})
        CHECK_FALSE_MESSAGE(parse_line(other), other);
}

TEST_CASE("any set of CPUs comes back")
{
    std::mt19937 random{20260203};
    for (int round = 0; round < 200; ++round) {
        CpuSet cpus;
        const auto largest = 1 + random() % (round % 2 == 0 ? 130 : CpuSet::kMaxCpus);
        for (auto count = 1 + random() % 200; count > 0; --count)
            cpus.add(static_cast<int>(random() % largest));
        const Original original{
            .process = {Pid{1}, 1}, .setting = Setting::cpus, .before = CpuChoice{cpus}, .written = CpuChoice{cpus}};
        const auto line = line_of(original);
        CHECK(line == "1 1 cpus " + cpus.to_text() + " " + cpus.to_text());
        CHECK(parse_line(line) == Line{original});
    }
}

TEST_CASE("a line that differs in anything is not read")
{
    REQUIRE(parse_line("1 2 nice 0 -4"));
    for (const auto* line : {"",
                             " ",
                             "1",
                             "1 2",
                             "1 2 nice",
                             "1 2 nice 0",
                             "1 2 nice 0 ",
                             "1 2 nice  -4",
                             "1 2 nice 0 -4 ",
                             " 1 2 nice 0 -4",
                             "1 2 nice 0 -4 5",
                             "0 2 nice 0 -4",
                             "-1 2 nice 0 -4",
                             "+1 2 nice 0 -4",
                             "2147483648 2 nice 0 -4",
                             "1 -2 nice 0 -4",
                             "1 18446744073709551616 nice 0 -4",
                             "1x 2 nice 0 -4",
                             "1 2x nice 0 -4",
                             "1 2 nicee 0 -4",
                             "1 2 NICE 0 -4",
                             "1 2 class a b",
                             "1 2 nice 0 -21",
                             "1 2 nice 20 0",
                             "1 2 nice 0x1 0",
                             "1 2 nice +1 0",
                             "1 2 nice 1.0 0",
                             "1 2 nice 0 \xff",
                             "1\t2\tnice\t0\t-4",
                             "1 2 sched rr/0 other",
                             "1 2 sched rr/100 other",
                             "1 2 io idle/3 none",
                             "1 2 cpus 3-1 0",
                             "1 2 cpus 0 9999",
                             "1 2 cpus 0-18446744073709551616 0",
                             "1 2 slice 99us 3ms",
                             "1 2 timer_slack 50 50us",
                             "1 2 nice 99999999999999999999 0"})
        CHECK_FALSE_MESSAGE(parse_line(line), line);
    CHECK_FALSE(parse_line(std::string_view{"1 2 nice 0 -4\0", 14}));
    CHECK_FALSE(parse_line(std::string(1000000, '1')));
    CHECK_FALSE(parse_line("1 2 cpus " + std::string(100000, '9') + " 0"));
}

TEST_CASE("what is cut off anywhere is not read as something else")
{
    const std::string line = "4242 987654321 nice 10 -4";
    for (std::size_t length = 0; length + 1 < line.size(); ++length)
        CHECK_FALSE_MESSAGE(parse_line(line.substr(0, length)), length);
}
