// SPDX-License-Identifier: GPL-3.0-or-later
/// What goes over the bus has the keys and types of the contract, and comes back as it went.
#include "bus/marshal.hpp"

#include <doctest/doctest.h>

#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"
#include "fake_inspection.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using test::settings;

namespace {

/// "KEY TYPE" of each entry.
std::vector<std::string> shape(const Dict& dict)
{
    std::vector<std::string> result;
    for (const auto& [key, value] : dict)
        result.push_back(key + " " + compat::type_of(value));
    return result;
}

using Shape = std::vector<std::string>;
using Texts = std::vector<std::string>;

Dict one(const char* key, sdbus::Variant value)
{
    return {{key, std::move(value)}};
}

}  // namespace

TEST_CASE("settings are whole numbers as i and everything else as s")
{
    const Dict dict = to_dict(settings({{"nice", RawValue{-4}},
                                        {"sched", RawValue{"rr/3"}},
                                        {"slice", RawValue{"3ms"}},
                                        {"io", RawValue{"idle"}},
                                        {"cpu_weight", RawValue{200}},
                                        {"cpus", RawValue{"0-3,8"}},
                                        {"oom_score_adj", RawValue{-1000}},
                                        {"timer_slack", RawValue{"50us"}},
                                        {"uclamp_max", RawValue{80}},
                                        {"children", RawValue{"reset"}}}));
    CHECK(shape(dict) == Shape{"children s", "cpu_weight i", "cpus s", "io s", "nice i", "oom_score_adj i", "sched s",
                               "slice s", "timer_slack s", "uclamp_max i"});
    CHECK(dict.at("nice").get<std::int32_t>() == -4);
    CHECK(dict.at("oom_score_adj").get<std::int32_t>() == -1000);
    CHECK(dict.at("cpus").get<std::string>() == "0-3,8");
}

TEST_CASE("the weight \"idle\" is text although other weights are numbers")
{
    CHECK(shape(to_dict(settings({{"cpu_weight", RawValue{"idle"}}}))) == Shape{"cpu_weight s"});
}

TEST_CASE("settings come back as they went")
{
    const SettingMap map = settings({{"nice", RawValue{19}},
                                     {"sched", RawValue{"batch"}},
                                     {"io", RawValue{"best-effort/2"}},
                                     {"cpus", RawValue{"llc:auto"}},
                                     {"timer_slack", RawValue{"1500us"}}});
    CHECK(read_settings(to_dict(map)) == map);
}

TEST_CASE("settings of a later daemon are left out, not misread")
{
    const Dict dict{{"nice", sdbus::Variant(std::int32_t{3})},
                    {"warp", sdbus::Variant(std::string{"9"})},
                    {"io", sdbus::Variant(2.5)},
                    {"sched", sdbus::Variant(std::string{"deadline"})}};
    CHECK(read_settings(dict) == settings({{"nice", RawValue{3}}}));
}

TEST_CASE("a process has the keys and types of the contract")
{
    const Shape full{"actual a{sv}",   "class s",  "exe s",        "name s", "pid u",
                     "settings a{sv}", "source s", "start_time t", "uid u"};
    CHECK(shape(full_row(test::compiler())) == full);
    const Shape list{"class s", "exe s", "name s", "pid u", "settings a{sv}", "source s", "start_time t", "uid u"};
    CHECK(shape(list_row(test::compiler())) == list);
    const Shape change{"class s", "name s", "pid u", "settings a{sv}", "source s", "start_time t"};
    CHECK(shape(change_row(test::compiler())) == change);
}

TEST_CASE("a process comes back as it went")
{
    const ProcessView sent = test::compiler();
    const ProcessView came = read_process(full_row(sent));
    CHECK(came.key == sent.key);
    CHECK(came.name == sent.name);
    CHECK(came.exe == sent.exe);
    CHECK(came.uid == sent.uid);
    CHECK(came.class_name == sent.class_name);
    CHECK(came.source == sent.source);
    CHECK(came.settings == sent.settings);
    CHECK(came.actual == sent.actual);
}

TEST_CASE("hostile names are escaped on the bus, so that it gets valid UTF-8")
{
    const Dict row = full_row(test::hostile());
    CHECK(row.at("name").get<std::string>() == "foo) Z 1\\n\\x1b[31m\\xff\\xfe\\\\");
    CHECK(row.at("exe").get<std::string>() == "/tmp/\\xc2\\x9b31m\\r\\xf0(\\x8c");
}

TEST_CASE("an explanation's row comes back as it went")
{
    for (const ExplainRow& row : test::compiler_rows())
        CHECK(read_explain_row(to_dict(row)) == row);
    CHECK(shape(to_dict(ExplainRow{})) ==
          Shape{"because s", "effective b", "outcome s", "setting s", "source s", "value s"});
}

TEST_CASE("with whom a process competes comes back as it went")
{
    const Explanation sent{test::compiler(), {}, test::compiler_shares()};
    CHECK(read_shares(explained_row(sent)) == sent.shares);
    CHECK(shape(to_dict(ShareRow{})) == Shape{"among s", "group s", "knob s", "live b", "value s"});
    CHECK(read_shares(full_row(sent.process)).empty());
}

TEST_CASE("composed text is escaped only where it is not safe as it is")
{
    CHECK(readable("C:\\Games\\x.exe matches *.exe") == "C:\\Games\\x.exe matches *.exe");
    CHECK(readable("наме — ok") == "наме — ok");
    CHECK(readable("two\nlines \\ here") == "two\\nlines \\\\ here");
    CHECK(readable("\xff") == "\\xff");
    CHECK(readable("") == "");
    ExplainRow row;
    row.because = "name is a\x1b[0m";
    CHECK(to_dict(row).at("because").get<std::string>() == "name is a\\x1b[0m");
}

TEST_CASE("a filter comes back as it went")
{
    const ProcessFilter sent{.class_name = "build", .source = "50-x.toml:7", .name = "cc1*", .uid = Uid{0}};
    const auto came = read_filter(to_dict(sent));
    REQUIRE(came);
    CHECK(came->class_name == sent.class_name);
    CHECK(came->source == sent.source);
    CHECK(came->name == sent.name);
    CHECK(came->uid == sent.uid);
}

TEST_CASE("an empty filter filters nothing")
{
    CHECK(to_dict(ProcessFilter{}).empty());
    const auto came = read_filter({});
    REQUIRE(came);
    CHECK_FALSE(came->uid);
    CHECK(came->name.empty());
}

TEST_CASE("an unknown key of a filter is refused with the known ones")
{
    const auto refused = read_filter(one("clas", sdbus::Variant(std::string{"build"})));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().doing == "unknown key \"clas\"; known are: class s, source s, name s, uid u");
}

TEST_CASE("a wrong type in a filter is refused with its key and the right one")
{
    const auto refused = read_filter(one("uid", sdbus::Variant(std::string{"root"})));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().doing == "key \"uid\" has type s; known are: class s, source s, name s, uid u");
    CHECK_FALSE(read_filter(one("uid", sdbus::Variant(std::int32_t{-1}))));
    CHECK_FALSE(read_filter(one("name", sdbus::Variant(Texts{"a"}))));
}

TEST_CASE("a hostile key of a filter is shown escaped in the error")
{
    const auto refused = read_filter(one("a\n\x1b[2J", sdbus::Variant(true)));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().doing.starts_with("unknown key \"a\\n\\x1b[2J\""));
}

TEST_CASE("facts come back as they went")
{
    GivenFacts sent;
    sent.name = "python3";
    sent.exe = "/usr/bin/python3";
    sent.args = {"-m", "vllm", ""};
    sent.user = Uid{0};
    sent.group = Gid{44};
    sent.unit = "llm.service";
    sent.slice = "app.slice";
    sent.cgroup = "/a/b";
    sent.container = "docker/x";
    sent.ancestors = {"bash", "sshd"};
    sent.uses = {.gpu = true, .audio = true};
    sent.has_tty = true;
    const auto came = read_facts(to_dict(sent));
    REQUIRE(came);
    CHECK(came->name == sent.name);
    CHECK(came->exe == sent.exe);
    CHECK(came->args == sent.args);
    CHECK(came->user == sent.user);
    CHECK(came->group == sent.group);
    CHECK(came->unit == sent.unit);
    CHECK(came->slice == sent.slice);
    CHECK(came->cgroup == sent.cgroup);
    CHECK(came->container == sent.container);
    CHECK(came->ancestors == sent.ancestors);
    CHECK(came->uses == sent.uses);
    CHECK(came->has_tty);
}

TEST_CASE("facts that are not known, of another type or of another word are refused by name")
{
    const auto refusal = [](const Dict& dict) {
        const auto facts = read_facts(dict);
        return facts ? std::string{"taken"} : facts.error().doing;
    };
    CHECK(refusal(one("nmae", sdbus::Variant(std::string{"x"})))
              .starts_with("unknown key \"nmae\"; known are: name s, exe s"));
    CHECK(refusal(one("args", sdbus::Variant(std::string{"x"}))).starts_with("key \"args\" has type s; known are: "));
    CHECK(refusal(one("uses", sdbus::Variant(Texts{"gpu", "wifi"}))) ==
          "uses: \"wifi\" is none of \"gpu\", \"audio\", \"tty\"");
    CHECK(refusal({}) == "taken");
}

TEST_CASE("the state of a knob is read back from its text")
{
    for (const KnobState& knob :
         {KnobState{true, ""}, KnobState{true, "root only"}, KnobState{false, "no (such) file"}}) {
        const KnobState came = read_knob(knob.to_text());
        CHECK(came.is_live == knob.is_live);
        CHECK(came.why == knob.why);
    }
    CHECK_FALSE(read_knob("something new").is_live);
}
