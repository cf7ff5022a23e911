// SPDX-License-Identifier: GPL-3.0-or-later
/// Engines outside: what they are asked and when, what of their answers counts, and when they are left alone.
#include "core/scoring/external_engine.hpp"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "core/policy_reading.hpp"
#include "core/scoring/circuit_breaker.hpp"
#include "core/scoring/engine_address.hpp"
#include "core/scoring/score.hpp"
#include "support/fake_world.hpp"

using namespace priorityd;
using namespace std::chrono_literals;

namespace {

const OfferedClasses kClasses{{"game", ""}, {"batch", "a result, later"}};

FileId file(std::uint64_t number)
{
    return {.device = 1, .inode = number, .changed = 1};
}

DescribedProgram program(std::uint64_t number)
{
    const auto name = "p" + std::to_string(number);
    return {.id = file(number), .name = name, .exe = "/usr/bin/" + name, .info = {}, .circumstances = {}};
}

ScoreRow row(std::string program_class, double confidence, std::string reason = "")
{
    return {.program_class = std::move(program_class), .confidence = confidence, .reason = std::move(reason)};
}

std::string fault_of(const ScoreRow& row)
{
    const auto advice = judged(row, kClasses);
    return advice ? "" : advice.error().doing;
}

bool is_no_opinion(const ScoreRow& row)
{
    const auto advice = judged(row, kClasses);
    return advice && !*advice;
}

/// An engine that waits for `count` programs from 1 on, wanted by the pids 101 on.
struct Asked {
    explicit Asked(std::uint64_t count = 1)
    {
        for (std::uint64_t i = 1; i <= count; ++i)
            want(i);
    }
    void want(std::uint64_t number)
    {
        engine.expect(file(number), Pid{static_cast<int>(100 + number)});
        engine.describe(program(number), now);
    }
    /// The numbers of the programs in the next batch, at the time when it is due.
    std::vector<std::uint64_t> batch()
    {
        now = std::max(now, engine.deadline().value_or(now));
        std::vector<std::uint64_t> numbers;
        for (const auto& one : engine.take_batch(now))
            numbers.push_back(one.id.inode);
        return numbers;
    }
    std::vector<Pid> hear(const Result<ScoreAnswer>& answer) { return engine.hear(answer, kClasses, now); }
    void fail(int code) { (void)hear(failure(code, "no luck")); }
    std::vector<Vote> recall(std::uint64_t number)
    {
        std::vector<Vote> votes;
        is_known = engine.recall(file(number), votes);
        return votes;
    }

    Instant now{1h};
    bool is_known = false;
    ExternalEngine engine{"guesser"};
};

}  // namespace

TEST_CASE("a row says a class, or that there is no opinion; everything else is refused, and told")
{
    const auto advice = judged(row("game", 0.5, "it plays"), kClasses);
    REQUIRE(advice);
    REQUIRE(*advice);
    CHECK((*advice)->program_class == "game");
    CHECK((*advice)->confidence == 0.5);
    CHECK((*advice)->because == "it plays");
    CHECK(judged(row("game", 1), kClasses).value()->because == "it gives no reason");
    CHECK(is_no_opinion({}));
    CHECK(is_no_opinion(row("game", 0)));
    CHECK(is_no_opinion({.program_class = {}, .confidence = 0, .reason = "no idea"}));

    CHECK(fault_of(row("realtime", 0.5)).find("\"realtime\" is no class") != std::string::npos);
    CHECK(fault_of(row(std::string(100'000, 'a'), 0.5)).size() < 200);
    for (const double confidence : {7.0, -0.1, 1.0001, std::nan(""), std::numeric_limits<double>::infinity()})
        CHECK(fault_of(row("game", confidence)).find("is not from 0 to 1") != std::string::npos);
    for (const char* reason : {"\x1b[31m", "two\nlines", "\x7f", "\xff", "\xc2\x85"})
        CHECK(fault_of(row("game", 0.5, reason)).find("control characters") != std::string::npos);
    CHECK(fault_of(row("game", 0.5, std::string(kLongestReason, 'a'))).empty());
    CHECK_FALSE(fault_of(row("game", 0.5, std::string(kLongestReason + 1, 'a'))).empty());
    CHECK(fault_of({.program_class = "game", .confidence = {}, .reason = ""}) == "a class without confidence");
    CHECK(fault_of({.program_class = {}, .confidence = 0.5, .reason = ""}) == "confidence without a class");
    CHECK_FALSE(fault_of({.program_class = "game", .confidence = 1, .reason = "", .is_malformed = true}).empty());
}

TEST_CASE("an engine outside may give every class but those with a real-time policy")
{
    const auto policy = test::policy_of(
        "[class.a]\nnice = 1\ndescription = \"first\"\n[class.b]\nsched = \"rr/1\"\n[class.c]\nsched = \"idle\"\n"
        "[class.d]\nsched = \"fifo/5\"\n");
    CHECK(classes_for_engines(*policy) == OfferedClasses{{"a", "first"}, {"c", ""}});
}

TEST_CASE("programs are gathered for a moment and asked about together, 32 at a time; one call at a time")
{
    Asked asked{40};
    CHECK(asked.engine.deadline() == asked.now + 100ms);
    CHECK(asked.engine.take_batch(asked.now).empty());
    CHECK(asked.batch().size() == 32);
    CHECK_FALSE(asked.engine.deadline());
    CHECK(asked.engine.take_batch(asked.now + 1h).empty());
    CHECK(asked.engine.health(asked.now) == "being asked");
    CHECK(asked.hear(ScoreAnswer(32)).empty());
    CHECK(asked.batch().size() == 8);
    CHECK(asked.engine.tally().calls == 40);
}

TEST_CASE(
    "what it says is remembered, no opinion too, and those who have asked are looked at again where it says something")
{
    Asked asked{3};
    asked.engine.expect(file(1), Pid{7});
    asked.engine.expect(file(1), Pid{7});
    CHECK(asked.recall(1).empty());
    CHECK_FALSE(asked.is_known);
    REQUIRE(asked.batch() == std::vector<std::uint64_t>{1, 2, 3});
    CHECK(asked.hear(ScoreAnswer{row("game", 0.5), {}, row("chess", 0.5)}) == std::vector{Pid{101}, Pid{7}});
    REQUIRE(asked.recall(1).size() == 1);
    CHECK(asked.recall(1).front().engine == "guesser");
    CHECK(asked.recall(1).front().advice.program_class == "game");
    for (const std::uint64_t number : {2U, 3U}) {
        CHECK(asked.recall(number).empty());
        CHECK(asked.is_known);
    }
    CHECK(asked.engine.tally().votes == 1);
    CHECK(asked.engine.tally().refused == 1);
    CHECK(asked.engine.tally().failures == 0);
    CHECK(asked.engine.remembered() == 3);
    CHECK(asked.engine.health(asked.now) == "ready; last trouble: \"chess\" is no class that it may give");
    CHECK_FALSE(asked.engine.deadline());
}

TEST_CASE("an answer with too few or too many rows is refused as a whole")
{
    for (const std::size_t rows : {0U, 1U, 3U}) {
        Asked asked{2};
        (void)asked.batch();
        CHECK(asked.hear(ScoreAnswer(rows, row("game", 1))).empty());
        CHECK(asked.engine.tally().refused == 2);
        CHECK(asked.engine.tally().failures == 1);
        CHECK(asked.recall(1).empty());
        CHECK_FALSE(asked.is_known);
    }
}

TEST_CASE(
    "three failures in a row, and it rests: 10 s, and twice as long each time that a trial fails; one that does not "
    "ends it")
{
    Asked asked{40};
    for (int i = 0; i < 3; ++i) {
        CHECK(asked.batch().size() == 32);
        asked.fail(EIO);
    }
    CHECK(asked.engine.health(asked.now) == "resting for 10s more: no luck");
    for (const auto rest : {10s, 20s, 40s, 80s, 160s, 320s, 600s, 600s}) {
        CHECK(asked.engine.take_batch(asked.now + rest - 1ms).empty());
        CHECK(asked.engine.deadline() == asked.now + rest);
        CHECK(asked.batch().size() == 1);
        asked.fail(EIO);
    }
    REQUIRE(asked.batch().size() == 1);
    (void)asked.hear(ScoreAnswer(1));
    CHECK(asked.engine.health(asked.now) == "ready");
    CHECK(asked.batch().size() == 32);
    asked.fail(EIO);
    CHECK(asked.engine.deadline() == asked.now + 1s);
    CHECK(asked.engine.tally().failures == 12);
}

TEST_CASE("while nobody is there it rests at once, and is asked when somebody comes")
{
    Asked asked;
    (void)asked.batch();
    asked.fail(EHOSTUNREACH);
    CHECK(asked.engine.health(asked.now) == "not on the bus; asked again in 10s at the latest");
    asked.now += 2s;
    asked.engine.try_now(asked.now);
    CHECK(asked.engine.deadline() == asked.now);
    CHECK(asked.batch().size() == 1);
    CHECK(asked.hear(ScoreAnswer{row("game", 1)}) == std::vector{Pid{101}});
    CHECK(asked.engine.health(asked.now) == "ready");
}

TEST_CASE("a program that it cannot cope with is asked about alone, three times, and spoils nothing for the others")
{
    for (const int code : {ETIMEDOUT, ECONNRESET, EBADMSG}) {
        Asked asked{3};
        const auto answer = [&](const std::vector<std::uint64_t>& batch) {
            if (std::ranges::find(batch, 2U) != batch.end())
                asked.fail(code);
            else
                (void)asked.hear(ScoreAnswer(batch.size(), row("game", 1)));
        };
        CHECK(asked.batch() == std::vector<std::uint64_t>{1, 2, 3});
        asked.fail(code);
        for (int i = 0; i < 6; ++i)
            answer(asked.batch());
        for (const std::uint64_t number : {1U, 3U})
            CHECK(asked.recall(number).size() == 1);
        CHECK(asked.recall(2).empty());
        CHECK(asked.is_known);
        CHECK_FALSE(asked.engine.deadline());
    }
}

TEST_CASE("an engine that says that it cannot now is asked again for as long as it takes")
{
    Asked asked;
    for (int i = 0; i < 20; ++i) {
        REQUIRE(asked.batch().size() == 1);
        asked.fail(EIO);
    }
    CHECK(asked.batch().size() == 1);
}

TEST_CASE("a call that nobody will answer, as the bus is lost, is made again and is nobody's fault")
{
    Asked asked{2};
    (void)asked.batch();
    asked.engine.take_back(asked.now);
    CHECK(asked.hear(ScoreAnswer(2, row("game", 1))).empty());
    CHECK(asked.batch() == std::vector<std::uint64_t>{1, 2});
    CHECK(asked.engine.tally().failures == 0);
}

TEST_CASE(
    "where other classes come into force, what it has said of those that stay is kept, and it is asked about the rest "
    "again")
{
    Asked asked{3};
    (void)asked.batch();
    (void)asked.hear(ScoreAnswer{row("game", 1), row("batch", 1), {}});
    asked.engine.use_classes({{"game", ""}, {"media", ""}});
    CHECK(asked.recall(1).size() == 1);
    for (const std::uint64_t number : {2U, 3U}) {
        (void)asked.recall(number);
        CHECK_FALSE(asked.is_known);
    }
}

TEST_CASE("whoever starts programs without end fills no memory of an engine outside")
{
    Asked asked{3000};
    CHECK(asked.engine.is_full());
    std::size_t programs = 0;
    while (asked.engine.deadline()) {
        const auto batch = asked.batch();
        programs += batch.size();
        (void)asked.hear(ScoreAnswer(batch.size(), row("game", 1)));
    }
    CHECK(programs == ExternalEngine::kMostWaiting);
    CHECK_FALSE(asked.engine.is_full());
    for (std::uint64_t i = 4000; i < 12'000; ++i) {
        asked.want(i);
        (void)asked.batch();
        (void)asked.hear(ScoreAnswer(1));
    }
    CHECK(asked.engine.remembered() <= ExternalEngine::kMostRemembered);
}

TEST_CASE(
    "a program that the engine puts off is asked about again when it has said, with others and as often as it wants")
{
    Asked asked{2};
    (void)asked.batch();
    const auto start = std::chrono::ceil<std::chrono::seconds>(asked.now);
    CHECK(asked.hear(ScoreAnswer{{.retry_after = 7}, row("game", 1)}) == std::vector{Pid{102}});
    (void)asked.recall(1);
    CHECK_FALSE(asked.is_known);
    CHECK(asked.engine.deadline() == start + 7s);
    CHECK(asked.engine.health(asked.now) == "ready; 1 program put off");
    asked.want(3);
    CHECK(asked.batch() == std::vector<std::uint64_t>{3});
    (void)asked.hear(ScoreAnswer{row("game", 1)});
    for (int i = 0; i < 10; ++i) {
        CHECK(asked.batch() == std::vector<std::uint64_t>{1});
        CHECK(asked.hear(ScoreAnswer{{.retry_after = 1e9}}).empty());
        CHECK(asked.engine.deadline() == std::chrono::ceil<std::chrono::seconds>(asked.now + kLongestRetry));
    }
    CHECK(asked.batch() == std::vector<std::uint64_t>{1});
    CHECK(asked.hear(ScoreAnswer{row("game", 1)}) == std::vector{Pid{101}});
    CHECK_FALSE(asked.engine.deadline());
    CHECK(asked.engine.tally().failures == 0);
}

TEST_CASE("an engine that answers far too much rests at once, since to receive that costs the daemon its time")
{
    Asked asked{2};
    (void)asked.batch();
    const auto sent = asked.now;
    (void)asked.hear(failure(EMSGSIZE, "an answer of more than 131072 bytes of text"));
    CHECK(asked.engine.deadline() >= sent + 10s);
    CHECK(asked.engine.health(asked.now).starts_with("resting for "));
}

TEST_CASE("programs that are put off until about the same time are asked about together, and none of them early")
{
    Asked asked{3};
    (void)asked.batch();
    const auto start = asked.now;
    CHECK(asked.hear(ScoreAnswer{{.retry_after = 5}, {.retry_after = 5.001}, {.retry_after = 5.002}}).empty());
    CHECK(asked.batch().size() == 3);
    CHECK(asked.now >= start + 5002ms);
    CHECK(asked.now <= start + 6002ms);
}

TEST_CASE("a time to ask again is inside its bounds, and comes alone")
{
    CHECK(retry_of({.retry_after = -5}) == kShortestRetry);
    CHECK(retry_of({.retry_after = 2.5}) == 2500ms);
    CHECK(retry_of({.retry_after = std::numeric_limits<double>::max()}) == kLongestRetry);
    for (const double retry : {std::nan(""), std::numeric_limits<double>::infinity()}) {
        CHECK_FALSE(retry_of({.retry_after = retry}));
        CHECK(fault_of({.retry_after = retry}).ends_with("is no time"));
    }
    const ScoreRow both{.program_class = "game", .confidence = 1, .reason = "", .retry_after = 5};
    CHECK_FALSE(retry_of(both));
    CHECK(fault_of(both) == "a row that says something and wants to be asked later");
    CHECK_FALSE(retry_of({.retry_after = 5, .is_malformed = true}));
    CHECK_FALSE(retry_of({}));
}

TEST_CASE("a program of which nothing could be found out is not waited for")
{
    Asked asked{0};
    asked.engine.expect(file(1), Pid{1});
    CHECK_FALSE(asked.engine.is_described(file(1)));
    asked.engine.give_up(file(1));
    asked.engine.describe(program(1), asked.now);
    CHECK_FALSE(asked.engine.deadline());
}

TEST_CASE("an engine outside has a name that somebody can own, and a path of D-Bus")
{
    for (const char* name : {"a.b", "org.example.Guesser", "org._7.x-y"})
        CHECK(is_well_known_name(name));
    for (const char* name : {"", "a", ".a.b", "a..b", "a.b.", ":1.5", "a.7b", "a.b c", "a.b\n"})
        CHECK_FALSE(is_well_known_name(name));
    CHECK_FALSE(is_well_known_name("a." + std::string(254, 'b')));
    for (const char* path : {"/", "/a", "/org/priorityd1/Engine"})
        CHECK(is_object_path(path));
    for (const char* path : {"", "a", "/a/", "//a", "/a-b"})
        CHECK_FALSE(is_object_path(path));
    CHECK(is_engine_name("my-engine_2"));
    for (const char* name : {"", "A", "a b", "ä"})
        CHECK_FALSE(is_engine_name(name));
}

TEST_CASE("an engine outside is one with a bus_name; what is wrong with it is told")
{
    const auto read = [](const std::vector<std::string>& texts) {
        std::vector<PolicyFile> files;
        for (const auto& text : texts)
            files.push_back({PolicyFile::Kind::settings, "priorityd.toml", text, ""});
        return read_policy(files, test::FakeAccounts{});
    };
    const std::string usual = "[engine.guesser]\nbus_name = \"org.example.Guesser\"\n";
    auto scoring = read({usual}).policy->settings().scoring;
    CHECK(scoring.of("guesser") == EngineSettings{.address = EngineAddress{.bus_name = "org.example.Guesser"}});
    CHECK(scoring.of("guesser").address->object_path == "/org/priorityd1/Engine");
    CHECK(scoring.of("guesser").timeout == std::chrono::seconds{5});

    scoring = read({usual + "object_path = \"/a/b\"\ntimeout = \"1.5s\"\n",
                    "[engine.guesser]\nenabled = false\nweight = 0.5\n[engine.metadata]\nenabled = false\n"
                    "[engine.behaviour]\nenabled = false\n[engine.guard]\nenabled = false\n"
                    "[engine.profiles]\nenabled = false\n[engine.surroundings]\nenabled = false\n"})
                  .policy->settings()
                  .scoring;
    CHECK(scoring.of("guesser") ==
          EngineSettings{.is_enabled = false,
                         .weight = 0.5,
                         .address = EngineAddress{.bus_name = "org.example.Guesser", .object_path = "/a/b"},
                         .timeout = std::chrono::milliseconds{1500}});
    CHECK_FALSE(scoring.has_enabled());
    scoring.engines["guesser"].is_enabled = true;
    CHECK(scoring.has_enabled());

    for (const char* wrong :
         {"[engine.guesser]\nweight = 1\n", "[engine.guesser]\nbus_name = \"guesser\"\n",
          "[engine.guesser]\nbus_name = 7\n", "[engine.metadata]\nbus_name = \"a.b\"\n",
          "[engine.\"a b\"]\nbus_name = \"a.b\"\n", "[engine.a]\nbus_name = \"a.b\"\nobject_path = \"x\"\n",
          "[engine.a]\nbus_name = \"a.b\"\ntimeout = \"99ms\"\n",
          "[engine.a]\nbus_name = \"a.b\"\ntimeout = \"601s\"\n", "[engine.a]\nbus_name = \"a.b\"\ntimeout = 5\n",
          "[engine.a]\nbus_name = \"a.b\"\nnice = 5\n"}) {
        CAPTURE(wrong);
        const auto reading = read({wrong});
        CHECK_FALSE(reading.policy);
        CHECK(reading.diagnostics.size() == 1);
    }
}
