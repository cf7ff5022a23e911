// SPDX-License-Identifier: GPL-3.0-or-later
/// What rules of ananicy mean here, and what is said of those that cannot be kept.
#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/decide.hpp"
#include "core/policy_reading.hpp"
#include "support/fake_world.hpp"

using namespace priorityd;
using namespace priorityd::test;

namespace {

constexpr auto* kTypes =
    R"({"type":"Game","nice":-5,"ioclass":"best-effort"}
{"type":"Load","nice":16,"ioclass":"idle","sched":"idle"}
{"type":"Sound","sched":"rr","ioclass":"realtime","ionice":2}
)";

struct Reading {
    std::shared_ptr<const Policy> policy;
    std::string warnings;  ///< One a line, without "warning: ".

    /// "Game nice=-5 io=best-effort/4": class and settings that such a process would get.
    [[nodiscard]] std::string asked(const GivenFacts& facts) const
    {
        const auto explanation = classify(layers_of(policy), facts);
        std::string text = explanation.process.class_name;
        for (const auto& [setting, value] : explanation.process.settings)
            text += fmt::format("{}{}={}", text.empty() ? "" : " ", info(setting).name, to_text(value));
        return text;
    }
    [[nodiscard]] std::string decided(const std::string& name) const { return asked({.name = name}); }
    [[nodiscard]] bool warns(std::string_view text) const { return warnings.find(text) != std::string::npos; }
};

Reading read_files(const std::vector<PolicyFile>& files)
{
    auto reading = read_policy(files, FakeAccounts{});
    REQUIRE(reading.policy);
    Reading result{.policy = std::make_shared<const Policy>(*std::move(reading.policy)), .warnings = {}};
    for (const auto& diagnostic : reading.diagnostics) {
        CHECK(diagnostic.level == Diagnostic::Level::warning);
        result.warnings += fmt::format("{}:{}: {}\n", diagnostic.file, diagnostic.line, diagnostic.what);
    }
    return result;
}

PolicyFile ananicy(const std::string& path, const std::string& text)
{
    return {PolicyFile::Kind::ananicy, path, text, ""};
}

Reading read(const std::string& rules, const std::string& conf = "")
{
    return read_files({ananicy("t.types", kTypes),
                       {PolicyFile::Kind::ananicy_conf, "ananicy.conf", conf, ""},
                       ananicy("r.rules", rules)});
}

/// What one line gives a program named x, when nothing is to be complained of.
std::string said(const std::string& keys)
{
    const auto reading = read("{\"name\":\"x\"," + keys + "}");
    CHECK_MESSAGE(reading.warnings.empty(), reading.warnings);
    return reading.decided("x");
}

/// What is said of one line.
std::string warning(const std::string& keys)
{
    const auto warnings = read("{\"name\":\"x\"," + keys + "}").warnings;
    CHECK(std::ranges::count(warnings, '\n') == 1);
    return warnings;
}

}  // namespace

TEST_CASE("a type is a class, and a rule gives what it and its type say")
{
    CHECK(said(R"("type":"Game")") == "Game nice=-5 io=best-effort/4");
    CHECK(said(R"("type":"Load")") == "Load nice=16 sched=idle io=idle");
    CHECK(said(R"("type":"Game","nice":3)") == "Game nice=3 io=best-effort/4");
    CHECK(said(R"("nice":-20)") == "nice=-20");
}

TEST_CASE("best-effort without a level is the middle one, and a level without a class is best-effort")
{
    CHECK(said(R"("ioclass":"best-effort")") == "io=best-effort/4");
    CHECK(said(R"("ioclass":"realtime")") == "io=realtime/4");
    CHECK(said(R"("ionice":0)") == "io=best-effort/0");
    CHECK(said(R"("ioclass":"idle","ionice":7)") == "io=idle");
    CHECK(said(R"("ioclass":"none","ionice":0)") == "io=none");
    CHECK(said(R"("ioclass":3)") == "io=idle");
    CHECK(said(R"("ioclass":"2","ionice":6)") == "io=best-effort/6");
}

TEST_CASE("what a rule leaves open it has from its type, key by key")
{
    CHECK(said(R"("type":"Game","ionice":1)") == "Game nice=-5 io=best-effort/1");
    CHECK(said(R"("type":"Load","ioclass":"best-effort")") == "Load nice=16 sched=idle io=best-effort/4");
    CHECK(said(R"("type":"Sound","rtprio":7)") == "Sound sched=rr/7 io=realtime/2");
    CHECK(said(R"("type":"Sound","ionice":0)") == "Sound sched=rr/1 io=realtime/0");
}

TEST_CASE("policies are those that Linux has")
{
    CHECK(said(R"("sched":"normal")") == "sched=other");
    CHECK(said(R"("sched":"other")") == "sched=other");
    CHECK(said(R"("sched":"batch")") == "sched=batch");
    CHECK(said(R"("sched":"fifo")") == "sched=fifo/1");
    CHECK(said(R"("sched":"rr","rtprio":99)") == "sched=rr/99");
    CHECK(warning(R"("sched":"iso")").find("r.rules:1: not kept: sched = \"iso\"") == 0);
    CHECK(warning(R"("sched":"deadline")").find("not kept") != std::string::npos);
    CHECK(warning(R"("rtprio":5)").find("rtprio: no policy with it") != std::string::npos);
}

TEST_CASE("a latency is a slice, longer by a quarter with each step")
{
    CHECK(said(R"("latency_nice":0)") == "slice=3ms");
    CHECK(said(R"("latency_nice":1)") == "slice=3750us");
    CHECK(said(R"("latency_nice":-20)") == "slice=100us");
    CHECK(said(R"("latency_nice":19)") == "slice=100ms");
}

TEST_CASE("sets of CPUs have other names, and those that depend on caches are not kept")
{
    CHECK(said(R"("cpuset":"0-3,8-11")") == "cpus=0-3,8-11");
    CHECK(said(R"("cpuset":"0, 2,")") == "cpus=0,2");
    CHECK(said(R"("cpuset":3)") == "cpus=3");
    CHECK(said(R"("cpuset":"all-cores")") == "cpus=all");
    CHECK(said(R"("cpuset":"big-cores")") == "cpus=performance");
    CHECK(said(R"("cpuset":"little-cores")") == "cpus=efficiency");
    CHECK(said(R"("cpuset":"llc-1")") == "cpus=llc:1");
    CHECK(said(R"("cpuset":"node-0")") == "cpus=numa:0");
    CHECK(warning(R"("cpuset":"x3d-cache")").find("not kept: cpuset = \"x3d-cache\"") != std::string::npos);
}

TEST_CASE("numbers may be written as text or with a fraction of zero")
{
    CHECK(said(R"("nice":"5")") == "nice=5");
    CHECK(said(R"("nice":5.0)") == "nice=5");
    CHECK(said(R"("oom_score_adj":-1000)") == "oom_score_adj=-1000");
}

TEST_CASE("a value out of range costs itself alone, and is told with its place")
{
    const auto reading = read("\n{\"name\":\"x\",\"nice\":25,\"sched\":\"batch\"}");
    CHECK(reading.decided("x") == "sched=batch");
    CHECK(reading.warnings == "r.rules:2: not kept: nice = 25: expected a whole number from -20 to 19\n");
    for (const auto* keys : {R"("nice":true)", R"("nice":1.5)", R"("nice":null)", R"("ionice":8)", R"("ioclass":4)",
                             R"("oom_score_adj":1001)", R"("rtprio":0)", R"("latency_nice":20)", R"("nice":"low")",
                             R"("cpuset":"")", R"("cgroup":"")", R"("comment":"x")", R"("nice":{"a":1})"})
        CHECK_MESSAGE(read(fmt::format("{{\"name\":\"x\",\"type\":\"Game\",{}}}", keys)).warns("not kept: "), keys);
}

TEST_CASE("a misspelt key is told with the one that was meant")
{
    CHECK(warning(R"("type":"Game","ionic":3)").find("did you mean \"ionice\"?") != std::string::npos);
}

TEST_CASE("an undefined type is told, and the other keys hold")
{
    const auto reading = read("{\"name\":\"a\",\"type\":\"game\"}\n{\"name\":\"b\",\"type\":\"Nothing\",\"nice\":4}\n");
    CHECK(reading.decided("a").empty());
    CHECK(reading.decided("b") == "nice=4");
    CHECK(reading.warns("r.rules:1: not kept: type \"game\" of \"a\" is defined nowhere; did you mean \"Game\"?"));
    CHECK(reading.warns("r.rules:2: not kept: type \"Nothing\" of \"b\" is defined nowhere, so that its other keys"));
}

TEST_CASE("a type may be defined after the rules that name it, in any file")
{
    const auto reading =
        read_files({ananicy("a.rules", R"({"name":"x","type":"T"})"), ananicy("b.types", R"({"type":"T","nice":1})")});
    CHECK(reading.decided("x") == "T nice=1");
    CHECK(reading.warnings.empty());
}

TEST_CASE("of two lines for one name the later holds, whole, and the earlier is told of")
{
    const auto reading = read("{\"name\":\"x\",\"nice\":4,\"ioclass\":\"idle\"}\n{\"name\":\"x\",\"nice\":5}");
    CHECK(reading.decided("x") == "nice=5");
    CHECK(reading.warnings == "r.rules:1: not kept: \"x\" has a rule in r.rules:2 too, and that holds\n");
    CHECK(read("{\"name\":\"x\",\"nice\":4}\n{\"name\":\"x\",\"nice\":4}").warnings.empty());
    const auto types = read("{\"type\":\"Game\",\"nice\":1}\n{\"name\":\"x\",\"type\":\"Game\"}");
    CHECK(types.decided("x") == "Game nice=1");
    CHECK(types.warns("t.types:1: not kept: type \"Game\" is defined again in r.rules:1, and that holds"));
}

TEST_CASE("names match however long they are, with blanks, in any script")
{
    for (const std::string name : {"a-name-that-is-much-longer-than-fifteen-bytes", "A Game, With Blanks",
                                   "Größenspiel", "文字遊戲.x86_64", "Throw {it} #1 away.exe", "[x]*?"}) {
        const auto reading = read(fmt::format("{{\"name\":\"{}\",\"type\":\"Load\"}}", name));
        CHECK_MESSAGE(reading.decided(name) == "Load nice=16 sched=idle io=idle", name);
        CHECK(reading.decided(name + "x").empty());
    }
    const auto wine = read("{\"name\":\"Game.exe\",\"type\":\"Game\"}");
    CHECK(wine.asked({.name = "wine64-preloade", .exe = "C:\\Games\\Game.exe"}).starts_with("Game "));
}

TEST_CASE("Windows names that differ in case alone are each for their own spelling, and the later for any other")
{
    const auto reading =
        read("{\"name\":\"AB.exe\",\"nice\":1}\n{\"name\":\"Ab.exe\",\"nice\":2}\n{\"name\":\"ab.exe\",\"nice\":3}\n");
    CHECK(reading.decided("AB.exe") == "nice=1");
    CHECK(reading.decided("Ab.exe") == "nice=2");
    CHECK(reading.decided("ab.exe") == "nice=3");
    CHECK(reading.decided("aB.EXE") == "nice=3");
}

TEST_CASE("cmdlines asks for each of its arguments, and wins over the rule for the name alone")
{
    const auto reading = read(
        "{\"name\":\"java\",\"cmdlines\":[\"net.Node\",\"-x*\"],\"nice\":9}\n"
        "{\"name\":\"java\",\"nice\":1,\"ioclass\":\"idle\"}\n");
    CHECK(reading.warnings.empty());
    CHECK(reading.asked({.name = "java", .args = {"-x*", "net.Node"}}) == "nice=9");
    CHECK(reading.asked({.name = "java", .args = {"net.Node"}}) == "nice=1 io=idle");
    CHECK(reading.asked({.name = "java", .args = {"net.Node", "-xy"}}) == "nice=1 io=idle");
    CHECK(reading.asked({.name = "other", .args = {"net.Node", "-x*"}}).empty());
    CHECK(read(R"({"name":"java","cmdlines":"one","nice":2})").asked({.name = "java", .args = {"one"}}) == "nice=2");
    CHECK(read(R"({"name":"java","cmdlines":[""],"nice":2})").warns("not kept: an argument in cmdlines"));
}

TEST_CASE("the first expression that fits holds, and a rule for the name wins over all")
{
    const auto reading = read(
        "{\"name\":\"first\",\"name_regex\":\"^game-\",\"nice\":1,\"ioclass\":\"idle\"}\n"
        "{\"name_regex\":\"^game-.*\\\\.sh$\",\"type\":\"Load\"}\n"
        "{\"name\":\"game-named\",\"nice\":3}\n");
    CHECK(reading.warnings.empty());
    CHECK(reading.decided("first") == "nice=1 io=idle");
    CHECK(reading.decided("game-any") == "nice=1 io=idle");
    CHECK(reading.decided("game-named") == "nice=3");
    CHECK(reading.decided("game-x.sh").find("nice=1") != std::string::npos);
    CHECK(read(R"({"name":"x","name_regex":"(a+)+$","nice":1})").warns("not kept: name_regex"));
    CHECK(read(R"({"name":"x","name_regex":"(a+)+$","nice":1})").decided("x") == "nice=1");
}

TEST_CASE("of control groups weights are kept, quotas are not")
{
    const auto reading = read(
        "{\"cgroup\":\"light\",\"CPUWeight\":30}\n{\"cgroup\":\"half\",\"CPUQuota\":50}\n"
        "{\"name\":\"a\",\"cgroup\":\"light\"}\n{\"name\":\"b\",\"cgroup\":\"half\",\"nice\":1}\n"
        "{\"name\":\"c\",\"cgroup\":\"none\",\"nice\":2}\n");
    CHECK(reading.decided("a") == "cpu_weight=30");
    CHECK(reading.decided("b") == "nice=1");
    CHECK(reading.warns("r.rules:2: not kept: cgroup \"half\" with CPUQuota = 50"));
    CHECK(reading.warns("r.rules:4: not kept: cgroup = \"half\""));
    CHECK(reading.warns("r.rules:5: not kept: cgroup = \"none\": it is defined nowhere"));
}

TEST_CASE("ananicy.conf switches off what it says, and the rest of it is told")
{
    const auto reading = read("{\"name\":\"x\",\"nice\":1,\"ionice\":2,\"sched\":\"batch\"}\n",
                              "# comment\r\napply_nice = false  # why\r\ncheck_freq=5\napply_sched=true\nodd=1\nx\n");
    CHECK(reading.decided("x") == "sched=batch io=best-effort/2");
    CHECK(
        reading.warnings ==
        "ananicy.conf:2: apply_nice = false: nice left out, as it says\n"
        "ananicy.conf:3: not kept: check_freq = 5: the kernel tells of programs as they start, so nothing is looked "
        "for "
        "at intervals\n"
        "ananicy.conf:5: not kept: odd: unknown; known here: apply_nice, apply_latnice, apply_sched, apply_ioclass, "
        "apply_ionice, apply_oom_score_adj, apply_cpuset, apply_cgroup, rule_load, type_load, cgroup_load, check_freq, "
        "check_disks_schedulers, apply_cpu_weight, cgroup_realtime_workaround, log_applied_rule, loglevel, x3d_mode\n"
        "ananicy.conf:6: not kept: expected key=value: x\n");
    CHECK(read(R"({"name":"x","nice":1})", "rule_load=false").decided("x").empty());
}

TEST_CASE("a line that is no rule, type or group, or gives nothing, is told")
{
    CHECK(read("{\"nice\":5}").warns("r.rules:1: not kept: it has neither a name nor a type or cgroup"));
    CHECK(read("{\"name\":\"\",\"nice\":5}").warns("not kept: a name has 1 to 4096 bytes"));
    CHECK(read("{\"name\":\"a\\u0000b\",\"nice\":5}").warns("and no NUL among them"));
    CHECK(read("{\"name\":5,\"nice\":5}").warns("not kept: name = 5: expected text in quotes"));
    CHECK(read("{\"name\":\"x\"}").warns("not kept: the rule for \"x\" gives nothing"));
}

TEST_CASE("rules of ananicy lie below all others, wherever their files stand")
{
    const PolicyFile own{PolicyFile::Kind::rules, "own.toml", "[class.own]\nnice = 1\n[programs]\nx = \"own\"\n", ""};
    const auto theirs = ananicy("r.rules", "{\"name\":\"x\",\"nice\":5}\n{\"name\":\"y\",\"nice\":6}\n");
    for (const auto& files : {std::vector{own, theirs}, std::vector{theirs, own}}) {
        const auto reading = read_files(files);
        CHECK(reading.decided("x") == "own nice=1");
        CHECK(reading.decided("y") == "nice=6");
    }
}

TEST_CASE("a type whose name a class has already gets another one, and neither changes the other")
{
    const PolicyFile own{PolicyFile::Kind::rules, "own.toml", "[class.game]\nnice = 1\n[programs]\na = \"game\"\n", ""};
    const auto reading =
        read_files({ananicy("r.rules", "{\"type\":\"game\",\"nice\":-9}\n{\"name\":\"b\",\"type\":\"game\"}\n"), own});
    CHECK(reading.decided("a") == "game nice=1");
    CHECK(reading.decided("b") == "ananicy-game nice=-9");
}

TEST_CASE("a decision names the file and line of the rule")
{
    const auto reading = read("\n{\"name\":\"x\",\"type\":\"Game\"}");
    for (const auto& row : classify(layers_of(reading.policy), {.name = "x"}).rows)
        CHECK(row.source == "r.rules:2");
}
