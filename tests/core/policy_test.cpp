// SPDX-License-Identifier: GPL-3.0-or-later
/// From TOML to a policy, and every way in which a file can be wrong.
#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/decide.hpp"
#include "core/policy_reading.hpp"
#include "support/fake_world.hpp"

using namespace priorityd;
using namespace priorityd::test;

namespace {

/// The diagnostics of one rule file, as text.
std::vector<std::string> complaints(const std::string& rules)
{
    const auto reading = read_policy({{PolicyFile::Kind::rules, "r.toml", rules, ""}}, FakeAccounts{});
    std::vector<std::string> texts;
    for (const auto& diagnostic : reading.diagnostics)
        texts.push_back(diagnostic.to_text());
    CHECK(reading.policy.has_value() == !has_errors(reading.diagnostics));
    return texts;
}

std::string one_complaint(const std::string& rules)
{
    const auto texts = complaints(rules);
    REQUIRE_MESSAGE(texts.size() == 1, (texts.empty() ? std::string{"none"} : texts.at(1)));
    return texts.front();
}

/// Class and settings that a process would get, as one text: "media nice=-4 io=idle".
std::string decided(const std::shared_ptr<const Policy>& policy, const GivenFacts& facts)
{
    const auto explanation = classify(layers_of(policy), facts);
    std::string text = explanation.process.class_name;
    for (const auto& [setting, value] : explanation.process.settings)
        text += fmt::format(" {}={}", info(setting).name, to_text(value));
    return text;
}

std::string decided(const std::string& rules, const GivenFacts& facts)
{
    return decided(policy_of(rules), facts);
}

constexpr auto* kClasses =
    "[class.media]\nnice = -4\nio = \"best-effort/2\"\n"
    "[class.build]\nnice = 10\nsched = \"batch\"\n";

std::string with_classes(const std::string& rules)
{
    return kClasses + rules;
}

}  // namespace

TEST_CASE("the short form gives a program its class")
{
    const auto rules = with_classes("[programs]\nmpv = \"media\"\n\"clang++\" = \"build\"\n");
    CHECK(decided(rules, {.name = "mpv"}) == "media nice=-4 io=best-effort/2");
    CHECK(decided(rules, {.name = "clang++"}) == "build nice=10 sched=batch");
    CHECK(decided(rules, {.name = "mpvx"}).empty());
}

TEST_CASE("a name of the short form is exact, wildcards in it are letters")
{
    const auto rules = with_classes("[programs]\n\"a*\" = \"media\"\n");
    CHECK(decided(rules, {.name = "a*"}) == "media nice=-4 io=best-effort/2");
    CHECK(decided(rules, {.name = "ab"}).empty());
}

TEST_CASE("Windows names match without case, in both forms")
{
    CHECK(decided(with_classes("[programs]\n\"Game.EXE\" = \"media\"\n"), {.name = "gAME.exe"}).starts_with("media"));
    CHECK(decided(with_classes("[[rule]]\nclass = \"media\"\nname = \"Game*.exe\"\n"), {.name = "GAME2.EXE"})
              .starts_with("media"));
    CHECK(decided(with_classes("[[rule]]\nclass = \"media\"\nname = \"Game.exe\"\n"), {.name = "game.exe"})
              .starts_with("media"));
    CHECK(decided(with_classes("[programs]\nGame = \"media\"\n"), {.name = "game"}).empty());
}

TEST_CASE("every key of a rule must match, any value of a list")
{
    const auto rules =
        with_classes("[[rule]]\nclass = \"media\"\nname = [\"a\", \"b*\"]\narg = \"--x\"\nuser = \"alice\"\n");
    CHECK(decided(rules, {.name = "a", .args = {"--x"}, .user = Uid{1000}}).starts_with("media"));
    CHECK(decided(rules, {.name = "bcd", .args = {"1", "--x"}, .user = Uid{1000}}).starts_with("media"));
    CHECK(decided(rules, {.name = "a", .args = {"--y"}, .user = Uid{1000}}).empty());
    CHECK(decided(rules, {.name = "a", .args = {"--x"}, .user = Uid{0}}).empty());
    CHECK(decided(rules, {.name = "c", .args = {"--x"}, .user = Uid{1000}}).empty());
}

TEST_CASE("each matching key compares what it names")
{
    struct Row {
        const char* key;
        GivenFacts fits;
        GivenFacts differs;
    };
    const GivenFacts other{.name = "q",
                           .exe = "/bin/q",
                           .args = {"z"},
                           .user = Uid{7},
                           .group = Gid{7},
                           .cgroup = "/x",
                           .ancestors = {"systemd"}};
    const Row rows[] = {{"name = \"mpv\"", {.name = "mpv"}, other},
                        {"exe = \"/opt/*/run\"", {.exe = "/opt/app/run"}, other},
                        {"cmdline = \"* -m vllm*\"", {.name = "p", .args = {"-m", "vllm.x"}}, other},
                        {"arg = \"vllm*\"", {.name = "p", .args = {"-m", "vllm.x"}}, other},
                        {"user = \"alice\"", {.name = "p", .user = Uid{1000}}, other},
                        {"group = \"staff\"", {.name = "p", .group = Gid{50}}, other},
                        {"parent = \"make\"",
                         {.name = "p", .ancestors = {"make", "bash"}},
                         {.name = "p", .ancestors = {"bash", "make"}}},
                        {"ancestor = \"make\"", {.name = "p", .ancestors = {"sh", "make"}}, other},
                        {"unit = \"cron*.service\"", {.name = "p", .unit = "cron.service"}, other},
                        {"slice = \"app.slice\"", {.name = "p", .slice = "app.slice"}, other},
                        {"cgroup = \"/user.slice/*\"", {.name = "p", .cgroup = "/user.slice/u"}, other},
                        {"container = \"docker/*\"", {.name = "p", .container = "docker/abc"}, other},
                        {"uses = \"gpu\"", {.name = "p", .uses = {.gpu = true}}, other},
                        {"uses = [\"audio\", \"tty\"]", {.name = "p", .has_tty = true}, other}};
    for (const auto& row : rows) {
        const auto rules = with_classes(fmt::format("[[rule]]\nclass = \"media\"\n{}\n", row.key));
        CHECK_MESSAGE(decided(rules, row.fits).starts_with("media"), row.key);
        CHECK_MESSAGE(decided(rules, row.differs).empty(), row.key);
    }
}

TEST_CASE("not excludes what matches all of its keys")
{
    const auto rules =
        with_classes("[[rule]]\nclass = \"media\"\nname = \"a\"\nnot = { user = \"root\", arg = \"-d\" }\n");
    CHECK(decided(rules, {.name = "a", .user = Uid{0}}).starts_with("media"));
    CHECK(decided(rules, {.name = "a", .args = {"-d"}, .user = Uid{0}}).empty());
    const auto list =
        with_classes("[[rule]]\nclass = \"media\"\nname = \"a\"\nnot = [{ user = \"root\" }, { arg = \"-d\" }]\n");
    CHECK(decided(list, {.name = "a", .user = Uid{0}}).empty());
    CHECK(decided(list, {.name = "a", .args = {"-d"}, .user = Uid{1000}}).empty());
    CHECK(decided(list, {.name = "a", .user = Uid{1000}}).starts_with("media"));
}

TEST_CASE("a later rule wins setting by setting, and its class replaces the earlier class")
{
    const auto rules = with_classes(
        "[programs]\nx = \"media\"\n"
        "[[rule]]\nname = \"x\"\nset = { oom_score_adj = 5, nice = 3 }\narg = \"*\"\n"
        "[[rule]]\nclass = \"build\"\nname = \"x*\"\n");
    // io came with media and goes with it; oom_score_adj was the rule's own and stays; build's nice is later than 3.
    CHECK(decided(rules, {.name = "x", .args = {"a"}}) == "build nice=10 sched=batch oom_score_adj=5");
}

TEST_CASE("rules of one file count in the order of their lines, short form and long form alike")
{
    CHECK(
        decided(with_classes("[[rule]]\nclass = \"build\"\nname = \"x*\"\n[programs]\nx = \"media\"\n"), {.name = "x"})
            .starts_with("media"));
    CHECK(
        decided(with_classes("[programs]\nx = \"media\"\n[[rule]]\nclass = \"build\"\nname = \"x*\"\n"), {.name = "x"})
            .starts_with("build"));
}

TEST_CASE("a later file refines a class and overrules an earlier file")
{
    const auto reading =
        read_policy({{PolicyFile::Kind::rules, "00.toml", with_classes("[programs]\nx = \"media\"\n"), ""},
                     {PolicyFile::Kind::rules, "90.toml", "[class.media]\nnice = -1\n[programs]\ny = \"media\"\n", ""}},
                    FakeAccounts{});
    REQUIRE(reading.policy);
    const auto policy = std::make_shared<const Policy>(*reading.policy);
    CHECK(decided(policy, {.name = "x"}) == "media nice=-1 io=best-effort/2");
    CHECK(classify(layers_of(policy), {.name = "y"}).process.source == "90.toml:4");
}

TEST_CASE("limits are contributions: they win and are shown")
{
    const auto policy =
        policy_of(with_classes("[programs]\nmpv = \"media\"\n[[rule]]\nname = \"rt\"\nset = { sched = \"rr/5\" }\n"),
                  "[limits]\nmin_nice = -2\nrealtime = false\n");
    CHECK(decided(policy, {.name = "mpv"}) == "media nice=-2 io=best-effort/2");
    const auto rows = classify(layers_of(policy), {.name = "mpv"}).rows;
    CHECK(rows.back().source == "limits");
    CHECK(rows.back().effective);
    CHECK(rows.at(1).outcome == "overruled by limits");
    CHECK(decided(policy, {.name = "rt"}) == " sched=other");
}

TEST_CASE("explain keeps the losers and says why they lost")
{
    const auto rows = classify(layers_of(policy_of(with_classes(
                                   "[programs]\nx = \"media\"\n[[rule]]\nclass = \"build\"\nname = \"x*\"\n"))),
                               {.name = "x"})
                          .rows;
    REQUIRE(rows.size() == 6);
    CHECK(rows[0] ==
          ExplainRow{"class", "media", "test.toml:8", "this rule matches", false, "overruled by test.toml:9"});
    CHECK(rows[2].setting == "io");
    CHECK(rows[2].outcome == "went with its class, replaced by build");
    CHECK(rows[5].effective);
}

TEST_CASE("broken TOML is told with its place")
{
    CHECK(one_complaint("[programs\nmpv = 1\n").starts_with("r.toml:1:"));
    CHECK(one_complaint("a = \"\xff\"").find("not TOML") != std::string::npos);
}

TEST_CASE("an unknown key is told with the nearest known one")
{
    CHECK(one_complaint("[class.a]\nnicee = 3\n") ==
          "r.toml:2:1: error: unknown key \"nicee\" in class \"a\"; did you mean \"nice\"?");
    CHECK(one_complaint("[program]\nx = \"y\"\n").find("did you mean \"programs\"?") != std::string::npos);
    CHECK(one_complaint("[class.a]\nnice=1\n[[rule]]\nclass=\"a\"\nnmae = \"x\"\nname=\"y\"\n")
              .find("did you mean \"name\"?") != std::string::npos);
    CHECK(one_complaint("[[rule]]\nname=\"x\"\nnice=1\nset={nice=2}\n").find("belongs below [rule.set]") !=
          std::string::npos);
}

TEST_CASE("an unknown class is told with the nearest known one and the place")
{
    CHECK(one_complaint(with_classes("[programs]\nx = \"meida\"\n")) ==
          "r.toml:8:5: error: unknown class \"meida\"; did you mean \"media\"?");
}

TEST_CASE("a value out of range is told with what was expected")
{
    CHECK(one_complaint("[class.a]\nnice = 25\n") ==
          "r.toml:2:8: error: nice = 25: expected a whole number from -20 to 19");
    CHECK(one_complaint("[class.a]\nnice = 1.5\n").find("nice is a fraction") != std::string::npos);
    CHECK(one_complaint("[class.a]\nuclamp_min = 80\nuclamp_max = 20\n").find("exchange them") != std::string::npos);
}

TEST_CASE("what a file says is made safe to show")
{
    const auto has_controls = [](const std::string& text) {
        return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    };
    for (const auto* rules :
         {"[programs]\nx = \"me\\u001bdia\"\n", "[class.\"a\\tb\"]\nnicee = 1\n",
          "[class.\"a\\nb\"]\n[programs]\nx = \"zzzzzz\"\n", "[[rule]]\nuses = \"g\\u0007\"\nset = { nice = 1 }\n",
          "[[rule]]\nname = \"x\"\nset = { sched = \"\\u0001\" }\n"})
        CHECK_FALSE(has_controls(one_complaint(rules)));
}

TEST_CASE("all errors of all files come at once, in order")
{
    const auto reading = read_policy({{PolicyFile::Kind::rules, "b.toml", "[class.a]\nnice = 25\nsched = 1\n", ""},
                                      {PolicyFile::Kind::rules, "a.toml", "[programs]\nx = \"zz\"\n", ""},
                                      {PolicyFile::Kind::rules, "c.toml", "", "cannot be read: Permission denied"}},
                                     FakeAccounts{});
    CHECK_FALSE(reading.policy);
    REQUIRE(reading.diagnostics.size() == 4);
    CHECK(reading.diagnostics[0].file == "a.toml");
    CHECK(reading.diagnostics[1].line == 2);
    CHECK(reading.diagnostics[2].line == 3);
    CHECK(reading.diagnostics[3].to_text() == "c.toml: error: cannot be read: Permission denied");
}

TEST_CASE("two rules of one file at odds are told, with both places")
{
    CHECK(one_complaint(with_classes("[programs]\nx = \"media\"\n[[rule]]\nclass = \"build\"\nname = \"x\"\n"))
              .find("at odds with the rule for the same programs in line 8: class \"media\" there, \"build\" here") !=
          std::string::npos);
    CHECK(one_complaint(with_classes("[programs]\n\"A.exe\" = \"media\"\n\"a.EXE\" = \"build\"\n")).find("at odds") !=
          std::string::npos);
    CHECK(one_complaint("[[rule]]\nname=\"x\"\nset={nice=1}\n[[rule]]\nname=\"x\"\nset={nice=2}\n")
              .find("nice = 1 there, 2 here") != std::string::npos);
    CHECK(complaints("[[rule]]\nname=\"x\"\nset={nice=1}\n[[rule]]\nname=\"x\"\nset={oom_score_adj=2}\n").empty());
    CHECK(one_complaint("[programs]\nx=\"a\"\nx=\"b\"\n[class.a]\n[class.b]\n").find("not TOML") != std::string::npos);
}

TEST_CASE("a rule that matches everybody or gives nothing is refused")
{
    CHECK(one_complaint("[[rule]]\nset = { nice = 1 }\n").find("name = \"*\"") != std::string::npos);
    CHECK(one_complaint("[[rule]]\nname = \"x\"\n").find("gives nothing") != std::string::npos);
    CHECK(one_complaint("[[rule]]\nname = []\nset = { nice = 1 }\n").find("empty list") != std::string::npos);
    CHECK(one_complaint("[[rule]]\nname = \"x\"\nset = {}\n").find("is empty") != std::string::npos);
    CHECK(one_complaint("[[rule]]\nname = \"\"\nset = { nice = 1 }\n").find("1 to 4096 bytes") != std::string::npos);
    CHECK(one_complaint("[[rule]]\nname = 3\nset = { nice = 1 }\n").find("expected text in quotes") !=
          std::string::npos);
    CHECK(one_complaint(with_classes("[programs]\n\"/usr/bin/x\" = \"media\"\n")).find("is a path") !=
          std::string::npos);
}

TEST_CASE("accounts that are not known here are warnings")
{
    CHECK(one_complaint("[[rule]]\nuser = \"nobody-here\"\nset = { nice = 1 }\n")
              .find("warning: user \"nobody-here\" is not known") != std::string::npos);
    CHECK(one_complaint("[[rule]]\nuses = \"gpus\"\nset = { nice = 1 }\n").find("did you mean \"gpu\"?") !=
          std::string::npos);
}

TEST_CASE("settings are checked like rules")
{
    const auto read = [](const std::string& text) {
        return read_policy({{PolicyFile::Kind::settings, "s.toml", text, ""}}, FakeAccounts{});
    };
    CHECK_FALSE(read("restore_on_exit = false\n").policy->settings().restore_on_exit);
    CHECK(read("restore_on_exi = 1\n").diagnostics.at(0).what.find("did you mean \"restore_on_exit\"?") !=
          std::string::npos);
    CHECK(read("[limits]\nmin_nice = 30\n").diagnostics.at(0).line == 2);
    CHECK(read("autogroup = \"no\"\n").diagnostics.at(0).what.find("expected true or false") != std::string::npos);
}

TEST_CASE("slices of the system are given weights by name")
{
    const auto read = [](const char* text) {
        return read_policy({{PolicyFile::Kind::settings, "s.toml", text, ""}}, FakeAccounts{});
    };
    const auto said = read(
        "[slices]\n\"user-1000.slice\" = { cpu_weight = 200, io_weight = 50 }\n"
        "\"system.slice\" = { cpu_weight = \"idle\" }\n");
    REQUIRE(said.policy);
    CHECK(said.policy->settings().slices ==
          SliceWeights{{"system.slice", {CpuWeight{CpuWeight::kIdle}, {}}},
                       {"user-1000.slice", {CpuWeight::make(200), IoWeight::make(50)}}});
    for (const char* wrong :
         {"[slices]\nsystem = { cpu_weight = 20 }\n", "[slices]\n\"-.slice\" = { cpu_weight = 20 }\n",
          "[slices]\n\"system.slice\" = { cpu_weight = 0 }\n", "[slices]\n\"system.slice\" = { nice = 5 }\n",
          "[slices]\n\"system.slice\" = 20\n", "slices = 20\n"})
        CHECK_FALSE_MESSAGE(read(wrong).policy, wrong);
    CHECK(
        read("[slices]\nsystem.slice = { cpu_weight = 20 }\n").diagnostics.front().what.find("is no name of a slice") !=
        std::string::npos);
}

TEST_CASE("scopes are left as they are unless the settings say that they may be split")
{
    const auto read = [](const char* text) {
        return read_policy({{PolicyFile::Kind::settings, "s.toml", text, ""}}, FakeAccounts{});
    };
    CHECK(read("").policy->settings().session_scopes == SessionScopes::leave);
    CHECK(read("session_scopes = \"leave\"\n").policy->settings().session_scopes == SessionScopes::leave);
    CHECK(read("session_scopes = \"split\"\n").policy->settings().session_scopes == SessionScopes::split);
    CHECK_FALSE(read("session_scopes = \"Split\"\n").policy);
    CHECK_FALSE(read("session_scopes = true\n").policy);
}

TEST_CASE("how scoring engines are followed are numbers from 0 to 1, and engines are those that there are")
{
    const auto read = [](const std::string& text) {
        return read_policy({{PolicyFile::Kind::settings, "priorityd.toml", text, ""}}, test::FakeAccounts{});
    };
    const auto usual = read("").policy->settings().scoring;
    CHECK(usual.threshold == 0.4);
    CHECK(usual.of("metadata") == EngineSettings{.is_enabled = true, .weight = 1});
    CHECK(usual.has_enabled());
    const auto said = read(
        "[scoring]\nthreshold = 1\n[engine.metadata]\nenabled = false\nweight = 0.5\n[engine.profiles]\nenabled = "
        "false\n");
    REQUIRE(said.policy);
    CHECK(said.policy->settings().scoring.threshold == 1);
    CHECK(said.policy->settings().scoring.of("metadata") == EngineSettings{.is_enabled = false, .weight = 0.5});
    CHECK(said.policy->settings().scoring.has_enabled());
    CHECK_FALSE(read("[scoring]\nenabled = false\n").policy->settings().scoring.has_enabled());
    for (const char* wrong :
         {"[scoring]\nthreshold = 1.1\n", "[scoring]\nthreshold = -0.1\n", "[scoring]\nthreshold = nan\n",
          "[scoring]\nthreshold = \"high\"\n", "[engine.metadata]\nweight = inf\n", "[engine]\nmetadata = true\n",
          "[engine.metadata]\nenabled = 1\n", "engine = []\n"}) {
        CAPTURE(wrong);
        const auto reading = read(wrong);
        CHECK_FALSE(reading.policy);
        CHECK(reading.diagnostics.size() == 1);
    }
    CHECK(read("[engine.metadate]\nweight = 1\n").diagnostics.at(0).what.find("did you mean \"metadata\"?") !=
          std::string::npos);
}

TEST_CASE("the limits for users are whole numbers from -20 to 19, and -5 unless the settings say otherwise")
{
    const auto read = [](const std::string& text) {
        return read_policy({{PolicyFile::Kind::settings, "s.toml", text, ""}}, FakeAccounts{});
    };
    const auto unsaid = read("").policy->settings().limits;
    CHECK(unsaid.user_min_nice.value() == -5);
    CHECK(unsaid.user_program_min_nice.value() == -5);
    const auto said = read("[limits]\nuser_min_nice = -20\nuser_program_min_nice = 19\n").policy->settings().limits;
    CHECK(said.user_min_nice.value() == -20);
    CHECK(said.user_program_min_nice.value() == 19);
    CHECK_FALSE(said.min_nice);
    for (const auto* wrong : {"-21", "20", "\"-5\"", "1.5", "true", "[]"}) {
        for (const std::string key : {"user_min_nice", "user_program_min_nice"}) {
            const auto reading = read("[limits]\n" + key + " = " + wrong + "\n");
            CHECK_FALSE(reading.policy);
            REQUIRE(reading.diagnostics.size() == 1);
            CHECK(reading.diagnostics.at(0).line == 2);
            CHECK(reading.diagnostics.at(0).what == "limits." + key + ": expected a whole number from -20 to 19");
        }
    }
    CHECK(read("[limits]\nuser_mini_nice = 1\n").diagnostics.at(0).what.find("did you mean \"user_min_nice\"?") !=
          std::string::npos);
}

TEST_CASE("20,000 names are found by their hash")
{
    std::string rules = kClasses + std::string{"[programs]\n"};
    for (int i = 0; i < 20000; ++i)
        rules += fmt::format("program-{} = \"{}\"\n", i, i % 2 == 0 ? "media" : "build");
    const auto policy = policy_of(rules);
    CHECK(policy->rules().size() == 20000);
    CHECK(decided(policy, {.name = "program-19999"}).starts_with("build"));
    CHECK(policy->could_match("program-0"));
    CHECK_FALSE(policy->could_match("program-20000"));
    CHECK(policy->exact_name(policy->rules().at(0)) == "program-0");
}

TEST_CASE("a comm that is cut at 15 bytes may be any longer name that begins so")
{
    const auto policy = policy_of(with_classes("[programs]\n\"Baldurs Gate 3.exe\" = \"media\"\nshort = \"media\"\n"));
    CHECK(policy->could_match("Baldurs Gate 3."));
    CHECK(policy->could_match("BALDURS GATE 3."));
    CHECK_FALSE(policy->could_match("Baldurs Gate 2."));
    CHECK_FALSE(policy->could_match("Baldurs Gate 3"));
    CHECK(policy->could_match("short"));
    const auto globs = policy_of("[[rule]]\nname = \"very-long-name-of-*\"\nset = { nice = 1 }\n");
    CHECK(globs->could_match("very-long-name-"));
    CHECK_FALSE(globs->could_match("very-long-other"));
}

TEST_CASE("the origin of an imported rule is told beside its place")
{
    const auto policy =
        policy_of(with_classes("[programs]\nmpv = { class = \"media\", origin = \"/a b/x:1.rules:12\" }\n"
                               "[[rule]]\nname = \"vl?\"\nclass = \"media\"\norigin = \"y.rules:3\"\n"));
    CHECK(classify(layers_of(policy), {.name = "mpv"}).rows.front().source == "test.toml:8 (/a b/x:1.rules:12)");
    CHECK(classify(layers_of(policy), {.name = "vlc"}).rows.front().source == "test.toml:9 (y.rules:3)");
}

TEST_CASE("an origin that is no place is an error")
{
    for (const auto* origin : {"x.rules", "x.rules:", ":3", "x.rules:0", "x.rules:-1", "x.rules:1x"}) {
        CAPTURE(origin);
        CHECK(one_complaint(
                  with_classes(fmt::format("[programs]\nmpv = {{ class = \"media\", origin = \"{}\" }}\n", origin)))
                  .find("\"FILE:LINE\"") != std::string::npos);
    }
    CHECK(one_complaint(with_classes("[programs]\nmpv = { origin = \"x:1\" }\n")).find("name its class") !=
          std::string::npos);
    CHECK(one_complaint(with_classes("[programs]\nmpv = { class = \"media\", orign = \"x:1\" }\n"))
              .find("did you mean \"origin\"?") != std::string::npos);
}

TEST_CASE("imported rules for names that differ in case alone are each for their own spelling")
{
    const auto rules = with_classes(
        "[programs]\n\"A.exe\" = { class = \"media\", origin = \"x:1\" }\n"
        "\"a.exe\" = { class = \"build\", origin = \"x:2\" }\n");
    CHECK(decided(rules, {.name = "A.exe"}).starts_with("media"));
    CHECK(decided(rules, {.name = "a.exe"}).starts_with("build"));
    CHECK(decided(rules, {.name = "a.EXE"}).starts_with("build"));
}

TEST_CASE("args asks for every one of its patterns")
{
    const auto rules = with_classes("[[rule]]\nname = \"java\"\nargs = [\"-X*\", \"net.Node\"]\nclass = \"build\"\n");
    CHECK(decided(rules, {.name = "java", .args = {"net.Node", "-Xmx1g"}}).starts_with("build"));
    CHECK(decided(rules, {.name = "java", .args = {"-Xmx1g"}}).empty());
    CHECK(decided(rules, {.name = "java", .args = {"net.Node"}}).empty());
    CHECK(one_complaint("[[rule]]\nargs = \"x\"\nset = { nice = 1 }\n").find("args: expected a list") !=
          std::string::npos);
    CHECK(one_complaint("[[rule]]\nargs = []\nset = { nice = 1 }\n").find("args: expected a list") !=
          std::string::npos);
}

TEST_CASE("a literal name is matched by what it stands for, backslashes in it are not part of it")
{
    const auto rules = with_classes("[[rule]]\nname = 'a\\[1\\].exe'\nclass = \"media\"\n");
    CHECK(decided(rules, {.name = "A[1].EXE"}).starts_with("media"));
}

TEST_CASE("folders with rules of ananicy are settings")
{
    CHECK_FALSE(policy_of("", "")->settings().reads_ananicy);
    const auto policy = policy_of("", "ananicy_dirs = [\"/srv/a\", \"/b\"]\n[compat]\nananicy = true\n");
    CHECK(policy->settings().reads_ananicy);
    CHECK(policy->settings().ananicy_dirs == std::vector<std::string>{"/srv/a", "/b"});
    for (const auto* wrong : {"ananicy_dirs = \"/a\"", "ananicy_dirs = [\"a\"]", "ananicy_dirs = [1]",
                              "[compat]\nanany = true", "[compat]\nananicy = 1", "compat = 1"}) {
        const auto reading = read_policy({{PolicyFile::Kind::settings, "s.toml", wrong, ""}}, FakeAccounts{});
        CHECK_MESSAGE(has_errors(reading.diagnostics), wrong);
    }
}
