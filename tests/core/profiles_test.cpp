// SPDX-License-Identifier: GPL-3.0-or-later
/// What programs have turned out to be: how sure that makes, how it fades, and what becomes a suggestion.
#include "core/scoring/profiles.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/policy_reading.hpp"
#include "core/scoring/accepted_rule.hpp"
#include "core/scoring/arbiter.hpp"
#include "support/fake_world.hpp"

using namespace priorityd;
using std::chrono::days;

namespace {

constexpr std::chrono::sys_seconds kDay{std::chrono::sys_days{std::chrono::year{2026} / 2 / 3}};

ProgramFile program(const std::string& exe, std::uint64_t inode = 7)
{
    return {.exe = exe, .id = {.device = 1, .inode = inode, .changed = 1}};
}

void note(Profiles& profiles, const std::string& exe, const std::string& program_class, int starts = 1,
          std::chrono::sys_seconds today = kDay)
{
    for (int i = 0; i < starts; ++i)
        profiles.note(program(exe), {.program_class = program_class, .confidence = 1, .because = ""}, today);
}

double confidence(const Profiles& profiles, const ProgramFile& of, std::chrono::sys_seconds today = kDay)
{
    const auto advice = profiles.advice_on(of, today);
    return advice ? advice->confidence : 0;
}

/// As after a restart.
Profiles restarted(Profiles& profiles, std::chrono::sys_seconds today = kDay)
{
    profiles.keep_all_again();
    Profiles next;
    next.resume(profiles.take_changes(), today);
    return next;
}

}  // namespace

TEST_CASE("after one start it is said of the next one, sure enough to be followed")
{
    Profiles profiles;
    CHECK_FALSE(profiles.knows("/usr/bin/a"));
    CHECK_FALSE(profiles.advice_on(program("/usr/bin/a"), kDay));
    note(profiles, "/usr/bin/a", "build");
    CHECK(profiles.knows("/usr/bin/a"));
    const auto advice = profiles.advice_on(program("/usr/bin/a"), kDay);
    REQUIRE(advice);
    CHECK(advice->program_class == "build");
    CHECK(advice->because == "build in 1 of 1 start");
    CHECK(advice->confidence >= ScoringSettings{}.threshold);
    CHECK_FALSE(profiles.advice_on(program("/usr/bin/b"), kDay));
}

TEST_CASE("starts that agree make surer, those that do not make less sure")
{
    Profiles profiles;
    double before = 0;
    for (int i = 0; i < 12; ++i) {
        note(profiles, "/a", "build");
        CHECK(confidence(profiles, program("/a")) > before);
        before = confidence(profiles, program("/a"));
        CHECK(before < 1);
    }
    note(profiles, "/a", "media");
    CHECK(confidence(profiles, program("/a")) < before);
    CHECK(profiles.advice_on(program("/a"), kDay)->because == "build in 12 of 13 starts");
}

TEST_CASE("a program that is now this and now that is advised on by nobody")
{
    Profiles profiles;
    note(profiles, "/a", "build", 6);
    note(profiles, "/a", "media", 5);
    CHECK(confidence(profiles, program("/a")) < ScoringSettings{}.threshold);
    note(profiles, "/a", "media", 1);
    CHECK_FALSE(profiles.advice_on(program("/a"), kDay));
}

TEST_CASE("of another file at the path half of what was learned stays")
{
    Profiles profiles;
    note(profiles, "/a", "build", 2);
    const auto other = program("/a", 8);
    CHECK(confidence(profiles, other) == doctest::Approx(0.5));
    CHECK(profiles.advice_on(other, kDay)->because == "build in 1 of 1 start, of another file at this path");
    profiles.note(other, {.program_class = "build", .confidence = 1, .because = ""}, kDay);
    CHECK(confidence(profiles, other) == doctest::Approx(0.75));
    CHECK(profiles.advice_on(other, kDay)->because == "build in 2 of 2 starts");
}

TEST_CASE("the same file on a device with another number is the same file")
{
    Profiles profiles;
    note(profiles, "/a", "build");
    auto after_boot = program("/a");
    after_boot.id.device = 99;
    CHECK(confidence(profiles, after_boot) == confidence(profiles, program("/a")));
}

TEST_CASE("what was learned fades, and one start is not enough for long")
{
    Profiles profiles;
    note(profiles, "/a", "build", 2);
    note(profiles, "/b", "build");
    CHECK(confidence(profiles, program("/a"), kDay + Profiles::kHalfLife) == doctest::Approx(0.5));
    CHECK(confidence(profiles, program("/b"), kDay + days{20}) < ScoringSettings{}.threshold);
    CHECK(confidence(profiles, program("/b"), kDay - days{20}) == confidence(profiles, program("/b")));
    note(profiles, "/a", "media", 1, kDay + 2 * Profiles::kHalfLife);
    CHECK(profiles.advice_on(program("/a"), kDay + 2 * Profiles::kHalfLife)->program_class == "media");
}

TEST_CASE("what has faded away is not taken up again after a restart")
{
    Profiles profiles;
    note(profiles, "/old", "build");
    note(profiles, "/new", "build", 1, kDay + days{150});
    auto next = restarted(profiles, kDay + days{150});
    CHECK_FALSE(next.knows("/old"));
    CHECK(next.knows("/new"));
    CHECK(next.take_changes().gone == std::vector<std::string>{"/old"});
}

TEST_CASE("there is a most of programs, and the one that was not seen for longest goes")
{
    Profiles profiles;
    note(profiles, "/first", "build", 1, kDay);
    for (std::size_t i = 1; i < Profiles::kMost; ++i)
        note(profiles, fmt::format("/{}", i), "build", 1, kDay + std::chrono::seconds{i});
    note(profiles, "/first", "build", 1, kDay + days{1});
    CHECK(profiles.size() == Profiles::kMost);
    (void)profiles.take_changes();
    note(profiles, "/last", "build", 1, kDay + days{1});
    CHECK(profiles.size() == Profiles::kMost);
    CHECK(profiles.knows("/first"));
    CHECK_FALSE(profiles.knows("/1"));
    CHECK(profiles.take_changes().gone == std::vector<std::string>{"/1"});
}

TEST_CASE("nothing is learned of a start without a path or a class")
{
    Profiles profiles;
    note(profiles, "", "build");
    note(profiles, "/a", "");
    CHECK(profiles.size() == 0);
    CHECK_FALSE(profiles.has_changes());
}

TEST_CASE("what was stable for five starts is suggested, once")
{
    Profiles profiles;
    note(profiles, "/usr/bin/a", "build", Profiles::kStableStarts - 1);
    CHECK(profiles.suggestions().empty());
    note(profiles, "/usr/bin/a", "build");
    const Suggestion expected{.id = 1,
                              .exe = "/usr/bin/a",
                              .program_class = "build",
                              .engine = "behaviour",
                              .confidence = 1 - 1.0 / 32,
                              .seen = 5,
                              .starts = 5,
                              .agreeing = 5,
                              .because = "build in 5 of 5 starts"};
    CHECK(profiles.take_new_suggestions() == std::vector{expected});
    CHECK(profiles.suggestions() == std::vector{expected});
    CHECK(profiles.suggestion(1) == expected);
    CHECK_FALSE(profiles.suggestion(0));
    CHECK_FALSE(profiles.suggestion(2));
    note(profiles, "/usr/bin/a", "build");
    CHECK(profiles.take_new_suggestions().empty());
    CHECK(profiles.suggestions().front().starts == 6);
}

TEST_CASE("one start of ten may be another class, two may not")
{
    Profiles profiles;
    note(profiles, "/a", "build", 9);
    note(profiles, "/a", "media");
    CHECK(profiles.suggestions().size() == 1);
    note(profiles, "/a", "media");
    CHECK(profiles.suggestions().empty());
    CHECK(profiles.take_new_suggestions().empty());
}

TEST_CASE("a suggestion that comes again for another class has another id, so that nobody accepts what was not seen")
{
    Profiles profiles;
    note(profiles, "/a", "build", 5);
    REQUIRE(profiles.suggestion(1)->program_class == "build");
    note(profiles, "/a", "media", 60);
    CHECK_FALSE(profiles.suggestion(1));
    CHECK(profiles.suggestion(2)->program_class == "media");
}

TEST_CASE("a rejected suggestion does not come again, after a restart neither, and another class of it does")
{
    Profiles profiles;
    note(profiles, "/a", "build", 5);
    CHECK_FALSE(profiles.reject(9));
    CHECK_FALSE(profiles.reject(0));
    CHECK(profiles.reject(1));
    CHECK(profiles.suggestions().empty());
    CHECK_FALSE(profiles.reject(1));
    auto next = restarted(profiles);
    note(next, "/a", "build", 5);
    CHECK(next.suggestions().empty());
    CHECK(confidence(next, program("/a")) > 0.9);
    note(next, "/a", "media", 100);
    REQUIRE(next.suggestions().size() == 1);
    CHECK(next.suggestions().front().program_class == "media");
}

TEST_CASE("an accepted suggestion goes, with what was learned")
{
    Profiles profiles;
    note(profiles, "/a", "build", 5);
    (void)profiles.take_changes();
    profiles.accept(7);
    CHECK(profiles.suggestions().size() == 1);
    profiles.accept(1);
    CHECK(profiles.suggestions().empty());
    CHECK_FALSE(profiles.knows("/a"));
    CHECK(profiles.take_changes().gone == std::vector<std::string>{"/a"});
}

TEST_CASE("suggestions keep their ids over a restart, and new ones get others")
{
    Profiles profiles;
    note(profiles, "/a", "build", 5);
    note(profiles, "/b", "media", 5);
    auto next = restarted(profiles);
    CHECK(next.suggestions() == profiles.suggestions());
    CHECK(next.take_new_suggestions().empty());
    note(next, "/c", "game", 5);
    CHECK(next.suggestions().back().id == 3);
}

TEST_CASE("forgetting empties all of it")
{
    Profiles profiles;
    note(profiles, "/a", "build", 5);
    note(profiles, "/b", "build", 5);
    REQUIRE(profiles.reject(1));
    profiles.forget();
    CHECK(profiles.size() == 0);
    CHECK(profiles.suggestions().empty());
    CHECK(profiles.take_new_suggestions().empty());
    const auto records = profiles.take_changes();
    CHECK(records.are_all);
    CHECK(records.profiles.empty());
    CHECK(records.rejections.empty());
    note(profiles, "/a", "build", 5);
    CHECK(profiles.suggestions().size() == 1);
}

TEST_CASE("changes are told once, and all of it where they were lost")
{
    Profiles profiles;
    CHECK_FALSE(profiles.has_changes());
    note(profiles, "/a", "build");
    note(profiles, "/b", "build");
    CHECK(profiles.has_changes());
    CHECK(profiles.take_changes().profiles.size() == 2);
    CHECK_FALSE(profiles.has_changes());
    CHECK(profiles.take_changes().empty());
    note(profiles, "/b", "build");
    const auto changes = profiles.take_changes();
    REQUIRE(changes.profiles.size() == 1);
    CHECK(changes.profiles.front().program == program("/b"));
    CHECK(changes.profiles.front().starts == Profile::Starts{{"build", 2.0}});
    profiles.keep_all_again();
    CHECK(profiles.take_changes().profiles.size() == 2);
}

Vote said(const std::string& program_class, double confidence = 0.9, const std::string& because = "it plays")
{
    return {.engine = "llm", .advice = {.program_class = program_class, .confidence = confidence, .because = because}};
}

TEST_CASE("what an engine outside is sure of is suggested from the second start on")
{
    Profiles profiles;
    CHECK_FALSE(profiles.has_heard(program("/a"), said("game")));
    profiles.hear(program("/a"), said("game"), 100, kDay);
    CHECK(profiles.has_heard(program("/a"), said("game")));
    CHECK_FALSE(profiles.has_heard(program("/a", 8), said("game")));
    CHECK_FALSE(profiles.has_heard(program("/a"), said("batch")));
    CHECK(profiles.suggestions().empty());
    profiles.see("/a", "llm", 100, kDay);
    CHECK(profiles.suggestions().empty());
    profiles.see("/a", "llm", 101, kDay);
    const Suggestion expected{.id = 1,
                              .exe = "/a",
                              .program_class = "game",
                              .engine = "llm",
                              .confidence = 0.9,
                              .seen = 2,
                              .starts = 0,
                              .agreeing = 0,
                              .because = "it plays"};
    CHECK(profiles.take_new_suggestions() == std::vector{expected});
    CHECK(restarted(profiles).suggestions() == std::vector{expected});

    profiles.hear(program("/b"), said("game", 0.69), 1, kDay);
    profiles.see("/b", "llm", 2, kDay);
    CHECK(profiles.suggestions().size() == 1);
}

TEST_CASE("what is said of a program is no evidence of what it does")
{
    Profiles profiles;
    profiles.hear(program("/a"), said("game"), 1, kDay);
    CHECK_FALSE(profiles.knows("/a"));
    CHECK_FALSE(profiles.advice_on(program("/a"), kDay));
}

TEST_CASE("a suggestion of an engine outside says how the program's behaviour agrees, and gives way to it")
{
    Profiles profiles;
    note(profiles, "/a", "batch", 3);
    note(profiles, "/a", "game");
    profiles.hear(program("/a"), said("game"), 1, kDay);
    profiles.see("/a", "llm", 2, kDay);
    REQUIRE(profiles.suggestions().size() == 1);
    CHECK(profiles.suggestions().front().starts == 4);
    CHECK(profiles.suggestions().front().agreeing == 1);
    note(profiles, "/a", "batch", 8);
    REQUIRE(profiles.suggestions().size() == 1);
    const auto now = profiles.suggestions().front();
    CHECK(now.id == 2);
    CHECK(now.program_class == "batch");
    CHECK(now.engine == "behaviour");
    CHECK(now.because == "batch in 11 of 12 starts");
}

TEST_CASE("who rejects what a program does is still told what is said of it, and no more after that")
{
    Profiles profiles;
    note(profiles, "/a", "batch", 5);
    profiles.hear(program("/a"), said("game"), 1, kDay);
    profiles.see("/a", "llm", 2, kDay);
    REQUIRE(profiles.reject(1));
    REQUIRE(profiles.suggestions().size() == 1);
    CHECK(profiles.suggestions().front().program_class == "game");
    REQUIRE(profiles.reject(profiles.suggestions().front().id));
    CHECK(profiles.suggestions().empty());
    auto next = restarted(profiles);
    next.see("/a", "llm", 3, kDay);
    note(next, "/a", "batch");
    CHECK(next.suggestions().empty());
}

TEST_CASE("of several engines that say something of a program the surest suggests, and each start counts once for each")
{
    Profiles profiles;
    auto other = said("batch", 0.8);
    other.engine = "other";
    for (const std::uint64_t start : {1U, 2U, 3U}) {
        for (const auto& vote : {said("game"), other}) {
            if (profiles.has_heard(program("/a"), vote))
                profiles.see("/a", vote.engine, start, kDay);
            else
                profiles.hear(program("/a"), vote, start, kDay);
        }
    }
    CHECK(profiles.take_new_suggestions().size() == 1);
    CHECK(profiles.suggestions().front().engine == "llm");
    CHECK(profiles.suggestions().front().seen == 3);
    profiles.retract("/a", "llm");
    REQUIRE(profiles.suggestions().size() == 1);
    CHECK(profiles.suggestions().front().engine == "other");
    CHECK(profiles.suggestions().front().id == 2);
    profiles.retract("/a", "other");
    profiles.retract("/a", "other");
    CHECK(profiles.size() == 0);
}

TEST_CASE("programs of which something is only said make room before those that were seen at work")
{
    Profiles profiles;
    note(profiles, "/worked", "build");
    for (std::size_t i = 0; i < Profiles::kMost; ++i)
        profiles.hear(program(fmt::format("/{}", i)), said("game"), 1, kDay + days{1});
    CHECK(profiles.size() == Profiles::kMost);
    CHECK(profiles.knows("/worked"));
}

TEST_CASE("what was said of another file at the path does not count, nor what nobody has started for long")
{
    Profiles profiles;
    profiles.hear(program("/a"), said("game"), 1, kDay);
    profiles.see("/a", "llm", 2, kDay);
    profiles.hear(program("/a", 8), said("batch"), 3, kDay);
    CHECK(profiles.suggestions().empty());
    profiles.see("/a", "llm", 4, kDay);
    CHECK(profiles.suggestions().front().program_class == "batch");
    CHECK(restarted(profiles, kDay + days{100}).suggestions().size() == 1);
    CHECK(restarted(profiles, kDay + days{150}).suggestions().empty());
}

TEST_CASE("an accepted suggestion of an engine outside says in its rule who was how sure, and why")
{
    const auto text = with_accepted_rule("",
                                         {.id = 3,
                                          .exe = "/a",
                                          .program_class = "game",
                                          .engine = "llm",
                                          .confidence = 0.9,
                                          .seen = 7,
                                          .starts = 2,
                                          .agreeing = 1,
                                          .because = "It\nplays."},
                                         kDay);
    REQUIRE(text);
    CHECK(text->find("# Suggestion 3 of llm, accepted on 2026-02-03: It\\nplays.\n"
                     "# Confidence 0.90; 7 starts seen; its behaviour agreed in 1 of 2.\n[[rule]]\n") !=
          std::string::npos);
}

TEST_CASE("what goes by what the daemon has seen says nothing of what is known of a program")
{
    const ProgramInfo game{.section = "games", .description = "", .tags = {}, .categories = {}};
    REQUIRE(votes_on(game).size() == 1);
    CHECK(votes_on(game).front().engine == "metadata");
}

TEST_CASE("an accepted suggestion is a rule that gives this program its class, and no other one")
{
    const Suggestion suggestion{.id = 3,
                                .exe = "/opt/a*b/it's \"x\"",
                                .program_class = "build",
                                .engine = "behaviour",
                                .starts = 13,
                                .agreeing = 12,
                                .because = "build in 12 of 13 starts"};
    const auto text = with_accepted_rule("", suggestion, kDay);
    REQUIRE(text);
    CHECK(text->find("# Suggestion 3 of behaviour, accepted on 2026-02-03: build in 12 of 13 starts.\n") !=
          std::string::npos);
    const auto twice = with_accepted_rule(*text, {.id = 4, .exe = "/b", .program_class = "build", .because = ""}, kDay);
    REQUIRE(twice);
    CHECK(twice->starts_with(*text));
    const test::FakeAccounts accounts;
    auto reading =
        read_policy({{.kind = PolicyFile::Kind::rules, .path = "c", .text = "[class.build]\nnice = 5\n", .error = {}},
                     {.kind = PolicyFile::Kind::rules, .path = "a", .text = *twice, .error = {}}},
                    accounts);
    REQUIRE(reading.policy);
    CHECK(reading.diagnostics.empty());
    const Layers layers{.policy = std::make_shared<const Policy>(*std::move(reading.policy))};
    const auto class_of = [&](const std::string& name, const std::string& exe) {
        GivenFacts facts;
        facts.name = name;
        facts.exe = exe;
        return classify(layers, facts).process.class_name;
    };
    CHECK(class_of("it's \"x\"", "/opt/a*b/it's \"x\"") == "build");
    CHECK(class_of("it's \"x\"", "/opt/aab/it's \"x\"").empty());
    CHECK(class_of("it's \"x\"", "/home/it's \"x\"").empty());
    CHECK(class_of("b", "/b") == "build");
}

TEST_CASE("a file that was written by hand is added to, not replaced; what is no UTF-8 cannot be written")
{
    const Suggestion suggestion{.id = 1, .exe = "/a", .program_class = "build", .because = "one\ntwo"};
    const auto text = with_accepted_rule("# mine", suggestion, kDay);
    REQUIRE(text);
    CHECK(text->starts_with("# mine\n\n# Suggestion 1"));
    CHECK(text->find("one\\ntwo") != std::string::npos);
    CHECK_FALSE(with_accepted_rule("", {.id = 1, .exe = "/\xff", .program_class = "build", .because = ""}, kDay));
}
