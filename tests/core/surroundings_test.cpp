// SPDX-License-Identifier: GPL-3.0-or-later
/// What the place of a process says of it, and how that is followed.
#include "core/scoring/surroundings.hpp"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "core/scoring/arbiter.hpp"
#include "core/scoring/engines.hpp"
#include "support/fake_world.hpp"

using namespace priorityd;

namespace {

const std::string kManager = "/user.slice/user-1000.slice/user@1000.service";
const TimedServices kTimed{.system = {"backup.service", "scrub@.service"}, .user = {"index.service"}};

Snapshot process_in(std::string cgroup, bool has_tty = false)
{
    Snapshot process;
    process.cgroup = std::move(cgroup);
    process.has_tty = has_tty;
    return process;
}

/// "background" and whether that is followed where nobody else says anything.
std::string advised(const Snapshot& process)
{
    const auto advice = advice_by_surroundings(surroundings_of(process, kTimed));
    if (!advice)
        return "nothing";
    const bool is_followed = verdict({{"surroundings", *advice}}, {}).has_value();
    return advice->program_class + (is_followed ? "" : " maybe");
}

}  // namespace

TEST_CASE("what a timer starts is background work, whoever's, an instance of a template too")
{
    CHECK(advised(process_in("/system.slice/backup.service")) == "background");
    CHECK(advised(process_in("/system.slice/system-scrub.slice/scrub@home.service")) == "background");
    CHECK(advised(process_in(kManager + "/app.slice/index.service")) == "background");
    CHECK(advised(process_in("/system.slice/index.service")) == "service maybe");
    CHECK(advised(process_in(kManager + "/app.slice/backup.service")) == "nothing");
    CHECK(advised(process_in("/system.slice/backup.service.d/other.service")) == "service maybe");
}

TEST_CASE("what its user puts into the slice for it is background work, an application too")
{
    CHECK(advised(process_in(kManager + "/background.slice/x.service")) == "background");
    CHECK(advised(process_in(kManager + "/background.slice/app-org.x.Y-1.scope")) == "background");
    CHECK(advised(process_in(kManager + "/app.slice/x-background.slice/x.service")) == "nothing");
}

TEST_CASE("an application is raised by nothing but what is known of it besides")
{
    CHECK(advised(process_in(kManager + "/app.slice/app-org.x.Y-1.scope")) == "interactive maybe");
    CHECK(advised(process_in(kManager + "/session.slice/x.service")) == "interactive maybe");
    CHECK(advised(process_in(kManager + "/app.slice/app-org.x.Terminal-1.scope", true)) == "nothing");
    CHECK(advised(process_in(kManager + "/app.slice/x.service")) == "nothing");
}

TEST_CASE("containers, services and machines raise and lower nothing")
{
    CHECK(advised(process_in("/system.slice/docker-0123.scope")) == "service maybe");
    CHECK(advised(process_in(kManager + "/user.slice/libpod-0123.scope/container")) == "service maybe");
    CHECK(advised(process_in("/docker/0123/system.slice/backup.service")) == "service maybe");
    CHECK(advised(process_in("/system.slice/x.service")) == "service maybe");
    CHECK(advised(process_in("/machine.slice/machine-qemu-1.scope")) == "virtual-machine maybe");
}

TEST_CASE("nothing is said of what is in no unit, in a login session or in a manager")
{
    for (const char* cgroup : {"", "/", "/init.scope", "/user.slice/user-1000.slice/session-2.scope",
                               "/user.slice/user-1000.slice/user@1000.service", "//", "/\xff/..", "nonsense"})
        CHECK(advised(process_in(cgroup)) == "nothing");
}

TEST_CASE("an engine that judges processes says nothing of programs, and can be set like the others")
{
    const auto* engine = find_scoring_engine(kSurroundingsEngine);
    REQUIRE(engine);
    const bool judges_programs = engine->advise != nullptr;
    CHECK_FALSE(judges_programs);
    for (const Vote& vote : votes_on({.section = "games", .description = "game", .tags = {}, .categories = {}}))
        CHECK(vote.engine != kSurroundingsEngine);
    const auto policy = test::policy_of("", "[engine.surroundings]\nenabled = false\nweight = 0.5\n");
    CHECK_FALSE(policy->settings().scoring.of(kSurroundingsEngine).is_enabled);
}

namespace {

const ProgramInfo kBackup{.section = "", .description = "backup", .tags = {}, .categories = {}};
constexpr const char* kClasses = "[class.background]\nnice = 19\n[class.batch]\nnice = 10\n";

struct Outcome {
    std::string program_class;
    std::string because;
};

Outcome outcome_of(test::FakeProcess process, const std::string& settings = "")
{
    test::FakeKernel kernel;
    Pipeline pipeline{test::world_of(kernel), test::live_knobs(), test::layers_of(test::policy_of(kClasses, settings))};
    kernel.programs["/usr/bin/b"] = kBackup;
    process.pid = 42;
    process.comm = "b";
    process.exe = "/usr/bin/b";
    kernel.add(std::move(process));
    pipeline.handle({.kind = Event::Kind::exec, .process = Pid{42}}, Instant{});
    pipeline.catch_up();
    return {pipeline.view(Pid{42}, {})->class_name, pipeline.explain(Pid{42}, {})->rows.front().because};
}

}  // namespace

TEST_CASE("what runs in the foreground of a terminal is not lowered as far as what nobody waits for")
{
    CHECK(outcome_of({}).program_class == "background");
    CHECK(outcome_of({.has_tty = true}).program_class == "background");
    const auto waited_for = outcome_of({.has_tty = true, .is_tty_foreground = true});
    CHECK(waited_for.program_class == "batch");
    CHECK(waited_for.because.ends_with("described as backup, but somebody waits at a terminal"));
    CHECK(outcome_of({.has_tty = true, .is_tty_foreground = true}, "[engine.surroundings]\nenabled = false\n")
              .program_class == "background");
}
