// SPDX-License-Identifier: GPL-3.0-or-later
/// Engines outside as an adviser: nobody is asked when a program starts, and what was asked comes to those who wait.
#include "daemon/outside_engines.hpp"

#include <fcntl.h>

#include <string>

#include <doctest/doctest.h>

#include "core/names.hpp"
#include "daemon/clocks.hpp"
#include "daemon/eventually.hpp"
#include "kernel/file_id.hpp"
#include "support/fake_world.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using namespace std::chrono_literals;

namespace {

constexpr const char* kClasses = "[class.batch]\nnice = 10\n[class.game]\nnice = -5\n";
constexpr const char* kGuesser = "[engine.guesser]\nbus_name = \"a.b\"\n";

/// Keeps what is asked.
class FakeCalls final : public EngineCalls {
public:
    void score(const EngineAddress& engine, std::chrono::milliseconds timeout, const ScoreQuestion& question,
               Then then) override
    {
        asked.push_back({engine, timeout, question, std::move(then)});
    }
    void health(const EngineAddress& /*engine*/, std::chrono::milliseconds /*timeout*/,
                std::function<void(const std::string&)> then) override
    {
        ++health_asked;
        if (tells_health)
            then("well");
    }
    bool tells_health = true;
    int health_asked = 0;
    struct Call {
        EngineAddress engine;
        std::chrono::milliseconds timeout;
        ScoreQuestion question;
        Then then;
    };
    std::vector<Call> asked;
};

std::vector<std::string> names_of(const OfferedClasses& classes)
{
    std::vector<std::string> names;
    for (const auto& one : classes)
        names.push_back(one.name);
    return names;
}

struct House {
    House()
    {
        engines.notify([this] { ++told; });
        engines.use(&calls);
        use(kGuesser);
        process.key.pid = Pid{7};
        process.exe = "/usr/bin/env";
        process.names = {"env"};
        process.file_id = kernel::file_id(AT_FDCWD, "/usr/bin/env");
    }
    void use(const std::string& settings, const std::string& classes = kClasses)
    {
        engines.use(*test::policy_of(classes, settings));
    }
    std::vector<Vote> votes()
    {
        std::vector<Vote> votes;
        engines.advise(process, votes);
        return votes;
    }
    /// Lets the look-up run that is wanted, and what follows from it.
    void look_up()
    {
        REQUIRE(programs->deadline(now()));
        programs->run_due(now() + 1min);
        REQUIRE(is_readable(programs->fd(), kPatience));
        (void)programs->take_news(now());
        engines.run_due(now() + 1min);
    }
    /// Lets what was said of programs become known to the profiles.
    void keep()
    {
        (void)profiles->deadline(now());
        profiles->run_due(now() + 1min);
        REQUIRE(is_readable(profiles->fd(), kPatience));
        (void)profiles->take_news(now());
    }
    void answer(const ScoreAnswer& rows)
    {
        REQUIRE_FALSE(calls.asked.empty());
        const auto then = calls.asked.back().then;
        then(rows);
    }

    std::unique_ptr<ProgramLookup> programs = *ProgramLookup::open();
    Log log{Log::Level::error};
    std::unique_ptr<ProfileKeeper> profiles = *ProfileKeeper::open(std::nullopt, log);
    OutsideEngines engines{*programs, *profiles};
    FakeCalls calls;
    Snapshot process;
    int told = 0;
};

const ScoreAnswer kBatch{{.program_class = "batch", .confidence = 0.5, .reason = "why"}};

}  // namespace

TEST_CASE("a start asks nobody; when it is known what the program is the engine is asked, and who has waited is news")
{
    House house;
    CHECK(house.engines.needs(house.process) == (Fact::stat | Fact::file_id | Fact::cgroup));
    CHECK(house.votes().empty());
    CHECK(house.calls.asked.empty());
    CHECK_FALSE(house.engines.deadline(now()));
    house.look_up();
    REQUIRE(house.calls.asked.size() == 1);
    const auto& call = house.calls.asked.front();
    CHECK(call.engine.bus_name == "a.b");
    CHECK(call.timeout == 5s);
    REQUIRE(call.question.programs.size() == 1);
    CHECK(call.question.programs.front().exe == "/usr/bin/env");
    CHECK(names_of(call.question.classes) == std::vector<std::string>{"batch", "game"});

    CHECK(house.engines.take_news(now()).empty());
    house.answer(kBatch);
    CHECK(house.told == 1);
    CHECK(house.engines.take_news(now()) == std::vector{Pid{7}});
    REQUIRE(house.votes().size() == 1);
    CHECK(house.votes().front().engine == "guesser");
    CHECK(house.calls.asked.size() == 1);
}

TEST_CASE("an engine that comes into the settings later is asked about what was looked up before")
{
    House house;
    (void)house.votes();
    house.look_up();
    house.answer(kBatch);
    house.use(std::string{kGuesser} + "[engine.other]\nbus_name = \"c.d\"\nobject_path = \"/e\"\ntimeout = \"600s\"\n");
    CHECK(house.votes().size() == 1);
    house.look_up();
    REQUIRE(house.calls.asked.size() == 2);
    CHECK(house.calls.asked.back().engine == EngineAddress{.bus_name = "c.d", .object_path = "/e"});
    CHECK(house.calls.asked.back().timeout == 10min);
    house.answer(kBatch);
    CHECK(house.votes().size() == 2);
}

TEST_CASE("an engine that leaves the settings, or moves, has no vote any more, and its late answer is nobody's")
{
    for (const char* settings : {"", "[engine.guesser]\nbus_name = \"c.d\"\n"}) {
        House house;
        (void)house.votes();
        house.look_up();
        house.use(settings);
        house.answer(kBatch);
        CHECK(house.engines.take_news(now()).empty());
        CHECK(house.votes().empty());
    }
}

TEST_CASE("an engine that is switched off is not asked, and what it has said waits for its return")
{
    House house;
    (void)house.votes();
    house.look_up();
    house.answer(kBatch);
    house.use(std::string{kGuesser} + "enabled = false\n");
    CHECK(house.votes().empty());
    CHECK(house.engines.needs(house.process).empty());
    house.use(kGuesser);
    CHECK(house.votes().size() == 1);
}

TEST_CASE("a class that becomes a real-time one is not given by what an engine has said before")
{
    House house;
    (void)house.votes();
    house.look_up();
    house.answer(kBatch);
    house.use(kGuesser, "[class.batch]\nsched = \"rr/1\"\n[class.game]\nnice = -5\n");
    CHECK(house.votes().empty());
    house.look_up();
    CHECK(names_of(house.calls.asked.back().question.classes) == std::vector<std::string>{"game"});
    house.answer(kBatch);
    CHECK(house.votes().empty());
    CHECK(house.engines.views(now()).front().refused == 1);
}

TEST_CASE("without a bus nobody is asked; what was asked before the bus was lost is asked again on another one")
{
    House house;
    (void)house.votes();
    house.look_up();
    house.engines.use(nullptr);
    CHECK_FALSE(house.engines.deadline(now()));
    CHECK(house.engines.views(now()).front().health == "there is no bus");
    auto other = house.process;
    other.file_id.inode += 1;
    std::vector<Vote> votes;
    house.engines.advise(other, votes);
    CHECK_FALSE(house.programs->deadline(now()));
    house.engines.use(&house.calls);
    house.engines.run_due(now() + 1min);
    CHECK(house.calls.asked.size() == 2);
    house.answer(kBatch);
    CHECK(house.votes().size() == 1);
}

TEST_CASE("an engine is told the unit; arguments and behaviour where the settings say so, and no secrets")
{
    House house;
    house.process.cgroup = "/user.slice/user-1000.slice/user@1000.service/app.slice/app-game-77.scope";
    house.process.argv = {"env", "--fullscreen", "--password", "hunter2"};
    (void)house.votes();
    house.look_up();
    const auto& told = house.calls.asked.back().question.programs.front();
    CHECK(told.name == "env");
    CHECK(told.circumstances.unit == "app-game.scope");
    CHECK(told.circumstances.arguments.empty());
    CHECK(told.circumstances.behaviour.empty());
    CHECK(house.engines.needs(house.process) == (Fact::stat | Fact::file_id | Fact::cgroup));

    House open;
    open.use(std::string{kGuesser} + "send_arguments = true\nsend_behaviour = true\n");
    CHECK(open.engines.needs(open.process) == (Fact::stat | Fact::file_id | Fact::cgroup | Fact::argv));
    open.process.argv = house.process.argv;
    open.profiles->note({open.process.exe, open.process.file_id},
                        {.program_class = "batch", .confidence = 1, .because = ""});
    open.keep();
    (void)open.votes();
    open.look_up();
    const auto& more = open.calls.asked.back().question.programs.front().circumstances;
    CHECK(more.arguments == std::vector<std::string>{"--fullscreen", "--password", "[...]"});
    CHECK(more.behaviour == "batch in 1 of 1 start");
}

TEST_CASE(
    "a program in a home is asked about once nothing has been written to it for a while, without saying whose it is")
{
    House house;
    house.process.exe = "/home/bob/tools/env";
    const auto written = [&](std::chrono::minutes ago) {
        const auto when = clocks().date.time_since_epoch() - ago;
        house.process.file_id.changed = std::chrono::nanoseconds{when}.count();
    };
    written(9min);
    (void)house.votes();
    CHECK_FALSE(house.programs->deadline(now()));
    written(11min);
    (void)house.votes();
    house.look_up();
    const auto& told = house.calls.asked.back().question.programs.front();
    CHECK(told.name == "env");
    CHECK(told.exe == "~/[...]/env");
    house.answer(kBatch);
    CHECK(house.votes().size() == 1);
    house.process.names = {"script", "env"};
    CHECK(house.engines.needs(house.process).empty());
    CHECK(house.votes().empty());
}

TEST_CASE("what an engine says of itself is shown beside what the daemon knows of it")
{
    House house;
    (void)house.votes();
    house.look_up();
    CHECK(house.engines.views(now()).front().health == "being asked");
    house.answer(kBatch);
    CHECK(house.engines.views(now()).front().health == "ready; it says: well");
    house.process.file_id.inode += 1;
    (void)house.votes();
    house.look_up();
    house.calls.asked.back().then(failure(EHOSTUNREACH, "not on the bus"));
    CHECK(house.engines.views(now()).front().health.find("it says") == std::string::npos);
}

TEST_CASE("an engine that never says how it does is asked that once")
{
    House house;
    house.calls.tells_health = false;
    for (int i = 0; i < 3; ++i) {
        house.process.file_id.inode += 1;
        (void)house.votes();
        house.look_up();
        house.answer(kBatch);
    }
    CHECK(house.calls.health_asked == 1);
    house.engines.use(nullptr);
    house.engines.use(&house.calls);
    house.process.file_id.inode += 1;
    (void)house.votes();
    house.look_up();
    house.answer(kBatch);
    CHECK(house.calls.health_asked == 2);
}

TEST_CASE("what was collected while the settings let it is not told when they do not any more")
{
    House house;
    house.use(std::string{kGuesser} + "send_arguments = true\n");
    house.process.argv = {"env", "--fullscreen"};
    (void)house.votes();
    REQUIRE(house.programs->deadline(now()));
    house.programs->run_due(now() + 1min);
    REQUIRE(is_readable(house.programs->fd(), kPatience));
    (void)house.programs->take_news(now());
    house.use(kGuesser);
    house.engines.run_due(now() + 1min);
    REQUIRE(house.calls.asked.size() == 1);
    CHECK(house.calls.asked.front().question.programs.front().circumstances.arguments.empty());
}

TEST_CASE("what an engine says is kept as sure as its weight lets it be, and goes when it has no opinion any more")
{
    House house;
    house.use(std::string{kGuesser} + "weight = 0.5\n");
    (void)house.votes();
    house.look_up();
    house.answer({{.program_class = "batch", .confidence = 1, .reason = "why"}});
    (void)house.votes();
    house.keep();
    CHECK(house.profiles->profiles().has_heard(
        {house.process.exe, house.process.file_id},
        {.engine = "guesser", .advice = {.program_class = "batch", .confidence = 0.5, .because = "why"}}));
    house.use(kGuesser, "[class.other]\nnice = 1\n");
    (void)house.votes();
    house.look_up();
    house.answer({{}});
    (void)house.votes();
    CHECK(house.profiles->profiles().size() == 0);
}

TEST_CASE("what an engine says of a program that runs is remembered for a suggestion")
{
    House house;
    (void)house.votes();
    house.look_up();
    house.answer(kBatch);
    (void)house.votes();
    house.keep();
    CHECK(house.profiles->profiles().has_heard(
        {house.process.exe, house.process.file_id},
        {.engine = "guesser", .advice = {.program_class = "batch", .confidence = 0.5, .because = "why"}}));
}

TEST_CASE("an engine that nobody was is asked when somebody takes its name")
{
    House house;
    (void)house.votes();
    house.look_up();
    house.calls.asked.back().then(failure(EHOSTUNREACH, "not on the bus"));
    const auto later = now() + 2s;
    CHECK(*house.engines.deadline(later) > later);
    house.engines.hear_of("x.y");
    CHECK(*house.engines.deadline(later) > later);
    house.engines.hear_of("a.b");
    CHECK(*house.engines.deadline(later) <= later);
}
