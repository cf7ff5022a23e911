// SPDX-License-Identifier: GPL-3.0-or-later
/// With whom processes compete, as explain tells it.
#include "core/cpu_standing.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace priorityd;

namespace {

SettingMap with_nice(int nice)
{
    SettingMap actual;
    actual.set(Setting::nice, *Nice::make(nice));
    return actual;
}

CpuGroup group(std::string path, int weight, std::size_t siblings, std::uint64_t theirs)
{
    return {.path = std::move(path), .weight = CpuWeight{weight}, .siblings = siblings, .their_weights = theirs};
}

/// A service beside a busy user, where services have weights.
CpuStanding in_a_service()
{
    CpuStanding standing;
    standing.groups = {group("/system.slice", 100, 1, 300), group("/system.slice/mysql.service", 200, 2, 200)};
    standing.peers = 3;
    standing.no_autogroup = "its cgroup shares out CPU time";
    standing.session = SessionId{7};
    return standing;
}

const ShareRow& row_of(const std::vector<ShareRow>& rows, const std::string& knob, const std::string& group)
{
    const auto found =
        std::ranges::find_if(rows, [&](const ShareRow& row) { return row.knob == knob && row.group == group; });
    REQUIRE(found != rows.end());
    return *found;
}

}  // namespace

TEST_CASE("a share is a weight by the sum of all beside it")
{
    CHECK(group("/a", 100, 0, 0).share() == doctest::Approx(1));
    CHECK(group("/a", 100, 1, 300).share() == doctest::Approx(0.25));
    CHECK(group("/a", CpuWeight::kIdle, 1, 100).share() == doctest::Approx(0));
    CHECK(group("/a", CpuWeight::kIdle, 1, 0).share() == doctest::Approx(1));
}

TEST_CASE("in the root's group nice counts within the session and sessions among each other")
{
    CpuStanding standing;
    standing.session = SessionId{7};
    standing.autogroup = *Nice::make(-4);
    const auto rows = explain_shares(standing, with_nice(5));
    REQUIRE(rows.size() == 2);
    CHECK(rows[0] == ShareRow{"nice", "process", "5", "the other processes of session 7", true});
    CHECK(rows[1] == ShareRow{"autogroup", "session 7", "-4", "the other sessions", true});
}

TEST_CASE("without autogroups nice counts on the whole machine")
{
    CpuStanding standing;
    standing.no_autogroup = "autogroups are switched off";
    const auto rows = explain_shares(standing, with_nice(5));
    CHECK(rows[0].among == "the other processes of the machine");
    CHECK(rows[1] == ShareRow{"autogroup", "session 0", "", "autogroups are switched off", false});
}

TEST_CASE("in a unit nice counts within it, and its weight among its siblings")
{
    const auto rows = explain_shares(in_a_service(), with_nice(-2));
    CHECK(row_of(rows, "nice", "process").among == "3 other processes of mysql.service");
    CHECK_FALSE(row_of(rows, "autogroup", "session 7").is_live);
    CHECK(row_of(rows, "cpu_weight", "mysql.service").among ==
          "2 others in system.slice, together 200: 50 % when all of them are busy");
}

TEST_CASE("a process alone in its unit competes with nobody by nice")
{
    auto standing = in_a_service();
    standing.peers = 0;
    const auto row = explain_shares(standing, with_nice(-2)).front();
    CHECK_FALSE(row.is_live);
    CHECK(row.among == "alone in mysql.service, so that it competes with nobody");
}

TEST_CASE("where a parent loses more than the unit itself that is said")
{
    auto standing = in_a_service();
    auto rows = explain_shares(standing, with_nice(0));
    CHECK(row_of(rows, "cpu_weight", "system.slice").among ==
          "1 other at the top, together 300: 25 % when all of them are busy; most is lost here, whatever is "
          "set below");
    standing.groups.front().their_weights = 50;
    rows = explain_shares(standing, with_nice(0));
    CHECK(row_of(rows, "cpu_weight", "system.slice").among.find("most is lost") == std::string::npos);
}

TEST_CASE("a real-time process goes before all of it")
{
    auto actual = with_nice(0);
    actual.set(Setting::sched, SchedPolicy{SchedPolicy::Kind::rr, 5});
    const auto rows = explain_shares(in_a_service(), actual);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].knob == "sched");
    CHECK(rows[0].value == "rr/5");
}

TEST_CASE("what a sched_ext scheduler ignores is not live, what it heeds is up to it")
{
    auto standing = in_a_service();
    standing.scheduler = ForeignScheduler{.name = "bpfland_1.0", .heeds_nice = true, .heeds_cpu_weights = false};
    auto rows = explain_shares(standing, with_nice(0));
    CHECK(row_of(rows, "nice", "process").is_live);
    CHECK(row_of(rows, "nice", "process").among ==
          "3 other processes of mysql.service; what comes of it is up to the sched_ext scheduler bpfland_1.0");
    CHECK_FALSE(row_of(rows, "cpu_weight", "mysql.service").is_live);
    CHECK(row_of(rows, "cpu_weight", "mysql.service").among == "the sched_ext scheduler bpfland_1.0 ignores it");
    standing.scheduler->heeds_nice = false;
    CHECK_FALSE(explain_shares(standing, with_nice(0)).front().is_live);
    CpuStanding session;
    session.autogroup = *Nice::make(0);
    session.scheduler = ForeignScheduler{.name = "new", .heeds_nice = {}, .heeds_cpu_weights = {}};
    rows = explain_shares(session, with_nice(0));
    CHECK(rows[0].is_live);
    CHECK_FALSE(rows[1].is_live);
}

TEST_CASE("the CPU controller of cgroup v1 is told and left alone")
{
    CpuStanding standing;
    standing.legacy_group = "/docker/1";
    standing.no_autogroup = "its cgroup /docker/1 shares out CPU time, not its autogroup";
    const auto rows = explain_shares(standing, with_nice(0));
    CHECK(rows[0].among == "the other processes of /docker/1");
    CHECK_FALSE(row_of(rows, "cpu_weight", "/docker/1").is_live);
}

TEST_CASE("knobs stay live under a sched_ext scheduler, with a remark")
{
    const Knobs knobs{
        {"nice", {true, "lowering only"}}, {"cpu_weight", {true, {}}}, {"slice", {false, "old"}}, {"io", {true, {}}}};
    CHECK(under(std::nullopt, knobs).at("nice").why == "lowering only");
    const auto remarked = under(ForeignScheduler{.name = "x", .heeds_nice = {}, .heeds_cpu_weights = false}, knobs);
    CHECK(remarked.at("nice").to_text() == "live (lowering only; what comes of it is up to the sched_ext scheduler x)");
    CHECK(remarked.at("cpu_weight").to_text() == "live (the sched_ext scheduler x ignores it)");
    CHECK(remarked.at("slice").to_text() == "not live: old");
    CHECK(remarked.at("io").to_text() == "live");
}
