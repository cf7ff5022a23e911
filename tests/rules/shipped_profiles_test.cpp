// SPDX-License-Identifier: GPL-3.0-or-later
/// The shipped profiles: which there are, and what none of them does.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/decide.hpp"
#include "core/lint.hpp"
#include "rules/shipped_policy.hpp"

using namespace priorityd;

namespace {

Policy with(const std::string& profile)
{
    const auto* overlay = shipped_policy()->find_overlay(profile);
    REQUIRE(overlay);
    return shipped_policy()->overlaid(*overlay);
}

int nice_in(const Policy& which, const std::string& program_class)
{
    const auto* found = which.find_class(program_class);
    REQUIRE(found);
    const auto* nice = find_value<Nice>(found->settings, Setting::nice);
    return nice ? nice->value() : 0;
}

}  // namespace

TEST_CASE("there are four profiles, each with a description, none is in force, and check has nothing to say of them")
{
    std::vector<std::string> names;
    for (const auto& overlay : shipped_policy()->overlays()) {
        names.push_back(overlay.name);
        CHECK_FALSE(overlay.description.empty());
        CHECK(overlay.limits == LimitChanges{});
    }
    CHECK(names == std::vector<std::string>{"battery", "desktop", "inference", "server"});
    CHECK(shipped_policy()->settings().overlays.empty());
    for (const auto& diagnostic : lint(*shipped_policy()))
        CHECK_MESSAGE(diagnostic.file.find("02-profiles") == std::string::npos, diagnostic.to_text());
}

TEST_CASE(
    "no profile gives a policy, protection from the out-of-memory killer, or more than an ordinary user's program may "
    "have")
{
    for (const auto& overlay : shipped_policy()->overlays()) {
        for (const auto& change : overlay.changes) {
            CHECK(change.setting != Setting::sched);
            CHECK(change.setting != Setting::oom_score_adj);
            const auto* nice = std::get_if<Nice>(&change.value);
            CHECK((!nice || *nice >= shipped_policy()->settings().limits.user_program_min_nice));
        }
    }
}

TEST_CASE("a profile moves a class, and does not turn what is lowered into what is raised")
{
    for (const auto& overlay : shipped_policy()->overlays()) {
        const auto changed = with(overlay.name);
        for (const auto& program_class : shipped_policy()->classes()) {
            const int before = nice_in(*shipped_policy(), program_class.name);
            const int after = nice_in(changed, program_class.name);
            CHECK_MESSAGE((before <= 0 || after >= before), overlay.name << ' ' << program_class.name);
        }
    }
}

TEST_CASE("on battery nothing is raised, and what nobody waits for stands back")
{
    const auto battery = with("battery");
    for (const auto& program_class : shipped_policy()->classes())
        CHECK(nice_in(battery, program_class.name) >= nice_in(*shipped_policy(), program_class.name));
    for (const auto* name : {"build", "batch", "training"})
        CHECK(nice_in(battery, name) > nice_in(*shipped_policy(), name));
    CHECK(find_value<UclampPercent>(battery.find_class("background")->settings, Setting::uclamp_max));
}

TEST_CASE("where models are served they come before terminals, and on a server services before what a desktop raises")
{
    const auto inference = with("inference");
    CHECK(nice_in(inference, "inference") < nice_in(inference, "terminal"));
    CHECK(nice_in(inference, "inference") > nice_in(inference, "compositor"));
    const auto server = with("server");
    for (const auto* name : {"realtime-audio", "compositor", "call", "media", "game", "interactive"})
        CHECK(nice_in(server, "service") < nice_in(server, name));
}
