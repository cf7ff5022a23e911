// SPDX-License-Identifier: GPL-3.0-or-later
/// Permanent overrides as files: what is written is read back, and whatever else stands in a file is told.
#include "core/toml/override_toml.hpp"

#include <algorithm>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace priorityd;

namespace {

Override an_override()
{
    Override kept{};
    kept.id = "17";
    kept.target = PatternTarget{MatchKey::name, "firefox*"};
    kept.settings.set(Setting::program_class, ClassName{"media"});
    kept.settings.set(Setting::nice, *Nice::make(-3));
    kept.owner = Uid{1000};
    kept.is_capped = true;
    kept.is_permanent = true;
    kept.reason = "calls stutter";
    kept.created = std::chrono::sys_days{std::chrono::year{2026} / 2 / 3} + std::chrono::seconds{4 * 3600 + 5 * 60 + 6};
    return kept;
}

constexpr auto* kFile =
    "# An override that user 1000 made on 2026-02-03 at 04:05:06 UTC; priorityd reads it when it starts.\n"
    "# To remove it: priorityctl unset 17\n"
    "[override]\n"
    "id = \"17\"\n"
    "owner = 1000\n"
    "all_users = false\n"
    "capped = true\n"
    "created = 2026-02-03T04:05:06Z\n"
    "reason = \"calls stutter\"\n"
    "\n"
    "[target]\n"
    "name = \"firefox*\"\n"
    "\n"
    "[set]\n"
    "class = \"media\"\n"
    "nice = -3\n";

/// kFile with one line exchanged.
std::string with(const std::string& line, const std::string& instead)
{
    std::string text = kFile;
    const auto at = text.find("\n" + line + "\n");
    REQUIRE(at != std::string::npos);
    return text.replace(at + 1, line.size(), instead);
}

/// The only diagnostic of a file that cannot be used.
std::string complaint(const std::string& text)
{
    const auto reading = read_override("17.toml", text);
    CHECK_FALSE(reading.kept);
    REQUIRE_MESSAGE(reading.diagnostics.size() == 1, text);
    return reading.diagnostics.front().to_text();
}

bool contains(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

/// Texts that have hurt readers and writers before.
const std::vector<std::string> kHostileTexts{
    "a\"b",
    "a'b",
    R"(a\b\\)",
    R"(\u0041)",
    R"(""")",
    "'''",
    "#",
    "[set]",
    "a = 1",
    "=",
    "ä ö € 𝄞",
    "e\u0301",
    "\u202e right to left",
    "\ufeff",
    "\u2028",
    "\U0010ffff",
    " a ",
    "{}{0}%s%n",
    "*?[a-z]\\*",
    std::string(4096, '"'),
};
const std::vector<std::string> kControls{"a\nb",  "\n[set]\nnice = -20", "\r\n", "\t", "\x1b[2J", "\x7f", "\x01",
                                         "\u0085"};
const std::vector<std::string> kNotUtf8{"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80"};

}  // namespace

TEST_CASE("a permanent override is a file that says who made it and how to remove it")
{
    CHECK(to_toml(an_override()) == std::string{kFile});
}

TEST_CASE("what was written is read back")
{
    const auto reading = read_override("17.toml", kFile);
    CHECK(reading.diagnostics.empty());
    CHECK(reading.kept == an_override());
}

TEST_CASE("any text in a glob, a reason or a class comes back as it was")
{
    for (const auto& text : kHostileTexts) {
        auto kept = an_override();
        kept.reason = text;
        kept.target = PatternTarget{MatchKey::exe, text};
        kept.settings.set(Setting::program_class, ClassName{text});
        const auto file = to_toml(kept);
        REQUIRE_MESSAGE(file, text);
        CHECK(read_override("", *file).kept == kept);
    }
}

TEST_CASE("control characters in a glob or class come back, and are not in the file")
{
    for (const auto& text : kControls) {
        auto kept = an_override();
        kept.target = PatternTarget{MatchKey::unit, text};
        kept.settings.set(Setting::program_class, ClassName{text});
        const auto file = to_toml(kept);
        REQUIRE_MESSAGE(file, text);
        CHECK(read_override("", *file).kept == kept);
        CHECK(
            std::ranges::none_of(*file, [](char c) { return c == '\x1b' || c == '\x7f' || c == '\r' || c == '\xc2'; }));
    }
}

TEST_CASE("any mixture of hostile texts comes back as it was")
{
    std::mt19937 random{20260203};
    for (int round = 0; round < 300; ++round) {
        std::string text;
        for (auto pieces = 1 + random() % 6; pieces > 0; --pieces)
            text += kHostileTexts[random() % (kHostileTexts.size() - 1)];
        auto kept = an_override();
        kept.reason = text;
        kept.target = PatternTarget{MatchKey::name, text};
        const auto file = to_toml(kept);
        REQUIRE_MESSAGE(file, text);
        CHECK(read_override("", *file).kept == kept);
    }
}

TEST_CASE("what could not be read back is not written")
{
    const auto refused = [](const Override& kept) {
        const auto file = to_toml(kept);
        return !file && file.error().code == 0;
    };
    for (const auto& text : kControls) {
        auto kept = an_override();
        kept.reason = text;
        CHECK_MESSAGE(refused(kept), text);
    }
    for (const auto& text : kNotUtf8) {
        auto in_reason = an_override();
        in_reason.reason = text;
        CHECK(refused(in_reason));
        auto in_glob = an_override();
        in_glob.target = PatternTarget{MatchKey::name, text};
        CHECK(refused(in_glob));
    }
    for (const auto& glob : {std::string{}, std::string(4097, 'a'), std::string{"a\0b", 3}}) {
        auto kept = an_override();
        kept.target = PatternTarget{MatchKey::name, glob};
        CHECK(refused(kept));
    }
    auto other_key = an_override();
    other_key.target = PatternTarget{MatchKey::cgroup, "/a"};
    CHECK(refused(other_key));
    auto without_settings = an_override();
    without_settings.settings = {};
    CHECK(refused(without_settings));
    auto in_a_far_future = an_override();
    in_a_far_future.created += std::chrono::years{9000};
    CHECK(refused(in_a_far_future));
}

TEST_CASE("an id that is no number is not written, whatever it would do to the file")
{
    for (const auto* id :
         {"", "a", "-1", "+1", "01", " 1", "1 ", "1.0", "../1", "18446744073709551616", "1\n[set]\nnice = -20"}) {
        CHECK_FALSE(is_override_id(id));
        auto kept = an_override();
        kept.id = id;
        CHECK_FALSE(to_toml(kept));
    }
    for (const auto* id : {"0", "1", "18446744073709551615"}) {
        CHECK(is_override_id(id));
        auto kept = an_override();
        kept.id = id;
        CHECK(to_toml(kept));
    }
}

TEST_CASE("what ends by itself is not permanent and not written")
{
    auto of_a_process = an_override();
    of_a_process.target = ProcessKey{Pid{42}, 7};
    auto timed = an_override();
    timed.ends = Instant{};
    auto while_connected = an_override();
    while_connected.connection = ":1.42";
    auto unsaid = an_override();
    unsaid.is_permanent = false;
    for (const auto& kept : {of_a_process, timed, while_connected, unsaid})
        CHECK(to_toml(kept).error().message() == "override 17: only one of a pattern and without an end is permanent");
}

TEST_CASE("every setting comes back")
{
    const std::vector<std::pair<Setting, RawValue>> rows{
        {Setting::program_class, "media"}, {Setting::nice, 19},         {Setting::sched, "rr/99"},
        {Setting::slice, "1500us"},        {Setting::io, "realtime/7"}, {Setting::cpu_weight, "idle"},
        {Setting::io_weight, 10000},       {Setting::cpus, "0-3,8"},    {Setting::oom_score_adj, -1000},
        {Setting::timer_slack, "50ns"},    {Setting::uclamp_min, 0},    {Setting::uclamp_max, 100},
        {Setting::children, "reset"}};
    CHECK(rows.size() == kSettingCount);
    auto kept = an_override();
    for (const auto& row : rows)
        kept.settings.set(row.first, *parse_value(row.first, row.second));
    const auto file = to_toml(kept);
    REQUIRE(file);
    CHECK(read_override("", *file).kept == kept);
    kept.settings.set(Setting::cpus, CpuChoice{*CpuSetName::make("llc:auto")});
    CHECK(read_override("", *to_toml(kept)).kept == kept);
}

TEST_CASE("a file that was edited by hand may be written otherwise")
{
    const auto reading = read_override("17.toml",
                                       "set = { nice = 3 }\ntarget.unit = 'a\\b*'\n[override]\nid = '5'\nowner = 0\n"
                                       "all_users = true\ncapped = false\ncreated = 2026-02-03 06:05:06.75+02:00\n");
    REQUIRE(reading.kept);
    CHECK(reading.kept->target == OverrideTarget{PatternTarget{MatchKey::unit, "a\\b*"}});
    CHECK(reading.kept->created == an_override().created);
    CHECK(reading.kept->is_for_everybody);
    CHECK_FALSE(reading.kept->is_capped);
    CHECK(reading.kept->reason.empty());
    CHECK(reading.kept->is_permanent);
}

TEST_CASE("whatever is wrong in a file is told with its place")
{
    CHECK(complaint("[override\n").starts_with("17.toml:1:"));
    CHECK(complaint(with("owner = 1000", "ownre = 1000\nowner = 1")) ==
          "17.toml:5:1: error: unknown key \"ownre\" in [override]; did you mean \"owner\"?");
    CHECK(complaint(with("[target]", "[targets]\nname = \"a\"\n[target]")) ==
          "17.toml:11:2: error: unknown key \"targets\" in an override; did you mean \"target\"?");
    CHECK(complaint(with("nice = -3", "nice = -21")) ==
          "17.toml:16:8: error: nice = -21: expected a whole number from -20 to 19");
    CHECK(contains(complaint(with("nice = -3", "nicee = 1")), "did you mean \"nice\"?"));
    CHECK(contains(complaint(with("class = \"media\"", "clas = \"media\"")), "did you mean \"class\"?"));
    CHECK(contains(complaint(with("id = \"17\"", "id = \"../17\"")), "expected a whole number in quotes"));
    CHECK(contains(complaint(with("id = \"17\"", "id = 17")), "expected text in quotes"));
    CHECK(contains(complaint(with("capped = true", "capped = 1")), "expected true or false"));
    CHECK(contains(complaint(with("reason = \"calls stutter\"", "reason = \"a\\nb\"")), "without line breaks"));
}

TEST_CASE("an owner is a number that a user can have")
{
    for (const auto* owner : {"-1", "4294967295", "4294967296", "\"alice\"", "1.0"})
        CHECK(contains(complaint(with("owner = 1000", fmt::format("owner = {}", owner))), "the number of a user"));
    CHECK(read_override("", with("owner = 1000", "owner = 4294967294")).kept->owner == Uid{4294967294U});
}

TEST_CASE("a date without its offset, and one that cannot be, is told")
{
    for (const auto* date : {"2026-02-03T04:05:06", "2026-02-03", "04:05:06", "\"2026-02-03T04:05:06Z\"", "1",
                             "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-01:00"})
        CHECK(contains(complaint(with("created = 2026-02-03T04:05:06Z", fmt::format("created = {}", date))),
                       "expected a date and time with its offset"));
    CHECK(contains(complaint(with("created = 2026-02-03T04:05:06Z", "created = 2026-02-30T04:05:06Z")), "not TOML"));
}

TEST_CASE("a target is exactly one of name, exe and unit")
{
    const auto target = [](const std::string& line) { return with("name = \"firefox*\"", line); };
    CHECK(contains(complaint(target("pid = 42")), "does not outlive the machine's next start"));
    CHECK(contains(complaint(target("user = \"a\"")), "unknown key \"user\" in [target]"));
    CHECK(contains(complaint(target("name = \"a\"\nexe = \"b\"")), "needs one of name, exe and unit"));
    CHECK(contains(complaint(target("")), "needs one of name, exe and unit"));
    CHECK(contains(complaint(target("name = \"\"")), "1 to 4096 bytes"));
    CHECK(contains(complaint(target("name = [\"a\"]")), "expected text in quotes"));
}

TEST_CASE("nothing that an override is made of may be missing")
{
    for (const auto* line :
         {"id = \"17\"", "owner = 1000", "all_users = false", "capped = true", "created = 2026-02-03T04:05:06Z"}) {
        const std::string key{line, std::string_view{line}.find(' ')};
        CHECK(contains(complaint(with(line, "")), fmt::format("[override] needs \"{}\"", key)));
    }
    CHECK(read_override("", "").diagnostics.size() == 3);
    CHECK(contains(complaint("target.name = \"a\"\n[set]\nnice = 1\n"), "an override needs \"override\""));
    CHECK(contains(complaint(with("class = \"media\"\nnice = -3", "")), "[set] is empty"));
}

TEST_CASE("what a file says is made safe to show in its diagnostics")
{
    const auto text = complaint(with("id = \"17\"", "id = \"\\u001b[2J\\n\""));
    CHECK(std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }));
}
