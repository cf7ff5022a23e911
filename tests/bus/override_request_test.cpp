// SPDX-License-Identifier: GPL-3.0-or-later
/// What somebody wants overridden is read as it was sent, or refused with a text that says what is wrong with it.
#include "bus/override_request.hpp"

#include <doctest/doctest.h>

#include "bus/marshal_override.hpp"
#include "bus/sdbus_compat.hpp"
#include "fake_inspection.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using sdbus::Variant;
using Kind = Refusal::Kind;

namespace {

Variant text(const std::string& value)
{
    return Variant(value);
}

const Dict kFirefox{{"name", text("firefox*")}};
const Dict kNice5{{"nice", Variant(std::int32_t{5})}};

OverrideRequest taken(const Dict& target, const Dict& settings, const Dict& options = {})
{
    auto request = read_override_request(target, settings, options);
    REQUIRE_MESSAGE(request, request.error().text);
    return *std::move(request);
}

Refusal refusal(const Dict& target, const Dict& settings, const Dict& options = {})
{
    const auto request = read_override_request(target, settings, options);
    REQUIRE_FALSE(request);
    return request.error();
}

/// The text of an invalid_setting.
std::string invalid(const Dict& target, const Dict& settings, const Dict& options = {})
{
    const Refusal why = refusal(target, settings, options);
    CHECK(why.kind == Kind::invalid_setting);
    return why.text;
}

std::string invalid_option(const char* key, Variant value)
{
    return invalid(kFirefox, kNice5, {{key, std::move(value)}});
}

std::vector<std::string> shape(const Dict& dict)
{
    std::vector<std::string> result;
    for (const auto& [key, value] : dict)
        result.push_back(key + " " + compat::type_of(value));
    return result;
}
using Shape = std::vector<std::string>;

OverrideView view_of_pattern()
{
    return {.kept = {.id = "17",
                     .target = PatternTarget{.key = MatchKey::exe, .glob = "/opt/*/game"},
                     .settings = test::settings({{"class", RawValue{"build"}}, {"nice", RawValue{3}}}),
                     .owner = Uid{1000},
                     .is_for_everybody = true,
                     .is_permanent = true,
                     .ends = {},
                     .connection = {},
                     .reason = "it stutters",
                     .created = std::chrono::sys_seconds{std::chrono::seconds{1'700'000'000}}},
            .remaining = {},
            .processes = 7};
}

OverrideView view_of_process()
{
    OverrideView view = view_of_pattern();
    view.kept.target = ProcessKey{.pid = Pid{4242}, .start_ticks = 123456789012};
    view.kept.is_for_everybody = false;
    view.kept.is_permanent = false;
    view.kept.connection = ":1.42";
    view.remaining = std::chrono::microseconds{90'000'000};
    return view;
}

void check_same(const OverrideView& came, const OverrideView& sent)
{
    CHECK(came.kept == sent.kept);
    CHECK(came.remaining == sent.remaining);
    CHECK(came.processes == sent.processes);
}

}  // namespace

TEST_CASE("a request comes back as it went, with every key")
{
    OverrideRequest sent{.target = PatternTarget{.key = MatchKey::unit, .glob = "ci-*.service"},
                         .settings = test::settings({{"class", RawValue{"build"}},
                                                     {"nice", RawValue{-4}},
                                                     {"sched", RawValue{"batch"}},
                                                     {"slice", RawValue{"3ms"}}}),
                         .lifetime = std::chrono::hours{2},
                         .is_permanent = false,
                         .is_while_connected = true,
                         .is_for_everybody = true,
                         .reason = "the build must not hurt"};
    const OverrideRequest came = taken(target_dict(sent), to_dict(sent.settings), options_dict(sent));
    CHECK(std::get<PatternTarget>(came.target) == std::get<PatternTarget>(sent.target));
    CHECK(came.settings == sent.settings);
    CHECK(came.lifetime == sent.lifetime);
    CHECK_FALSE(came.is_permanent);
    CHECK(came.is_while_connected);
    CHECK(came.is_for_everybody);
    CHECK(came.reason == sent.reason);
}

TEST_CASE("a process is meant by its pid, and by its start time when that is said")
{
    OverrideRequest sent{.target = OverrideRequest::Process{.pid = Pid{4242}, .start_ticks = 99},
                         .settings = test::settings({{"nice", RawValue{1}}})};
    auto process = std::get<OverrideRequest::Process>(taken(target_dict(sent), kNice5).target);
    CHECK(process.pid == Pid{4242});
    CHECK(process.start_ticks == 99);
    process = std::get<OverrideRequest::Process>(taken({{"pid", Variant(1U)}}, kNice5).target);
    CHECK(process.pid == Pid{1});
    CHECK_FALSE(process.start_ticks);
}

TEST_CASE("without options an override lasts until it is removed, and is for the caller's processes alone")
{
    const OverrideRequest request = taken(kFirefox, kNice5);
    CHECK_FALSE(request.lifetime);
    CHECK_FALSE(request.is_permanent);
    CHECK_FALSE(request.is_while_connected);
    CHECK_FALSE(request.is_for_everybody);
    CHECK(request.reason.empty());
}

TEST_CASE("a target is exactly one of pid, name, exe and unit")
{
    CHECK(invalid({}, kNice5) == "target: give exactly one of pid, name, exe, unit; there is none");
    CHECK(invalid({{"name", text("a")}, {"exe", text("b")}}, kNice5) ==
          "target: give exactly one of pid, name, exe, unit; there are 2");
    CHECK(invalid({{"pid", Variant(1U)}, {"unit", text("b")}}, kNice5).ends_with("there are 2"));
}

TEST_CASE("a start time without a pid is refused")
{
    CHECK(invalid({{"name", text("a")}, {"start_time", Variant(std::uint64_t{5})}}, kNice5) ==
          "target: start_time says which process of a pid is meant: give the pid");
}

TEST_CASE("an unknown key or a wrong type is refused with the dictionary and the keys that are known there")
{
    CHECK(invalid({{"nmae", text("x")}}, kNice5) ==
          "target: unknown key \"nmae\"; known are: pid u, name s, exe s, unit s, start_time t");
    CHECK(invalid({{"pid", Variant(std::int32_t{4242})}}, kNice5) ==
          "target: key \"pid\" has type i; known are: pid u, name s, exe s, unit s, start_time t");
    CHECK(invalid_option("permanant", Variant(true)) ==
          "options: unknown key \"permanant\"; known are: permanent b, lifetime_usec t, while_connected b, "
          "all_users b, reason s");
    CHECK(invalid_option("permanent", Variant(std::int32_t{1})).starts_with("options: key \"permanent\" has type i; "));
    CHECK(invalid_option("lifetime_usec", Variant(std::int64_t{-1})).starts_with("options: key \"lifetime_usec\" has"));
    CHECK(invalid({{"a\n\x1b[2J", text("x")}}, kNice5).starts_with("target: unknown key \"a\\n\\x1b[2J\""));
}

TEST_CASE("a pid that nobody can have is NoSuchProcess")
{
    for (const std::uint32_t pid : {0U, 2147483648U, 4294967295U}) {
        const Refusal why = refusal({{"pid", Variant(pid)}}, kNice5);
        CHECK(why.kind == Kind::no_such_process);
        CHECK(why.text == "no process " + std::to_string(pid) + ": it has ended or never was");
    }
    CHECK(read_pid(2147483647U) == Pid{2147483647});
}

TEST_CASE("a glob has 1 to 4096 bytes")
{
    CHECK(invalid({{"name", text("")}}, kNice5) == "target: a glob has 1 to 4096 bytes, this one 0");
    CHECK(invalid({{"exe", text(std::string(4097, 'x'))}}, kNice5) ==
          "target: a glob has 1 to 4096 bytes, this one 4097");
    CHECK(read_override_request({{"unit", text(std::string(4096, 'x'))}}, kNice5, {}));
}

TEST_CASE("something has to be set")
{
    CHECK(invalid(kFirefox, {}) == "settings: there are none; give a class or a setting");
}

TEST_CASE("a class without a name is refused")
{
    CHECK(invalid(kFirefox, {{"class", text("")}}) == "settings: class = \"\": expected the name of a class");
}

TEST_CASE("an unknown setting is refused with the one that was probably meant")
{
    CHECK(invalid(kFirefox, {{"nise", Variant(std::int32_t{5})}}) ==
          "settings: unknown setting \"nise\"; did you mean \"nice\"?");
    CHECK(invalid(kFirefox, {{"priority", Variant(std::int32_t{5})}}).find("known here: class, nice, sched") !=
          std::string::npos);
}

TEST_CASE("a value out of range is refused with the range, not clamped")
{
    CHECK(invalid(kFirefox, {{"nice", Variant(std::int32_t{20})}}) ==
          "settings: nice = 20: expected a whole number from -20 to 19");
    CHECK(invalid(kFirefox, {{"oom_score_adj", Variant(std::numeric_limits<std::int32_t>::min())}})
              .find("expected a whole number from -1000 to 1000") != std::string::npos);
    CHECK(invalid(kFirefox, {{"sched", text("fifo/100")}}).starts_with("settings: sched = \"fifo/100\": expected"));
    CHECK(invalid(kFirefox, {{"nice", text("5")}}) == "settings: nice = \"5\": expected a whole number from -20 to 19");
    CHECK(invalid(kFirefox, {{"sched", text("a\x1b[2J")}}).find('\x1b') == std::string::npos);
}

TEST_CASE("a setting of a type that no setting has is refused with the types that there are")
{
    CHECK(invalid(kFirefox, {{"nice", Variant(std::uint32_t{5})}}) ==
          "settings: \"nice\" has type u; whole numbers are i, everything else is s: "
          "expected a whole number from -20 to 19");
    CHECK(invalid(kFirefox, {{"class", Variant(std::vector<std::string>{"a"})}})
              .starts_with("settings: \"class\" has type as; "));
}

TEST_CASE("one bad setting among good ones refuses them all")
{
    CHECK(invalid(kFirefox, {{"nice", Variant(std::int32_t{5})}, {"sched", text("deadline")}})
              .starts_with("settings: sched = \"deadline\""));
}

TEST_CASE("a lifetime is 1 us to 100 years")
{
    CHECK(invalid_option("lifetime_usec", Variant(std::uint64_t{0})) ==
          "options: lifetime_usec = 0: expected 1 to 3153600000000000; leave it out for no end");
    CHECK(invalid_option("lifetime_usec", Variant(std::numeric_limits<std::uint64_t>::max()))
              .starts_with("options: lifetime_usec = 18446744073709551615: expected"));
    CHECK(invalid_option("lifetime_usec", Variant(std::uint64_t{3'153'600'000'000'001})).starts_with("options: "));
    CHECK(taken(kFirefox, kNice5, {{"lifetime_usec", Variant(std::uint64_t{3'153'600'000'000'000})}}).lifetime ==
          kLongestLifetime);
    CHECK(taken(kFirefox, kNice5, {{"lifetime_usec", Variant(std::uint64_t{1})}}).lifetime ==
          std::chrono::microseconds{1});
}

TEST_CASE("a reason is kept safe to show, and has at most 256 bytes")
{
    CHECK(taken(kFirefox, kNice5, {{"reason", text("two\nlines\x1b[31m")}}).reason == "two\\nlines\\x1b[31m");
    CHECK(taken(kFirefox, kNice5, {{"reason", text("zu laut — ruhig")}}).reason == "zu laut — ruhig");
    CHECK(taken(kFirefox, kNice5, {{"reason", text(std::string(256, 'x'))}}).reason.size() == 256);
    CHECK(invalid_option("reason", text(std::string(257, 'x'))) ==
          "options: reason: 257 bytes are too many; at most 256");
    CHECK(invalid_option("reason", text(std::string(200, '\n'))).find("400 bytes") != std::string::npos);
}

TEST_CASE("what is permanent has no end and is for globs")
{
    const auto with = [](const char* key, Variant value) -> Dict {
        return {{"permanent", Variant(true)}, {key, std::move(value)}};
    };
    CHECK(invalid({{"pid", Variant(4242U)}}, kNice5, {{"permanent", Variant(true)}})
              .starts_with("options: permanent is for globs"));
    CHECK(invalid(kFirefox, kNice5, with("lifetime_usec", Variant(std::uint64_t{5}))).find("lifetime_usec") !=
          std::string::npos);
    CHECK(invalid(kFirefox, kNice5, with("while_connected", Variant(true))).find("while_connected") !=
          std::string::npos);
    CHECK(taken(kFirefox, kNice5, with("while_connected", Variant(false))).is_permanent);
}

TEST_CASE("one process is not for all users")
{
    CHECK(invalid({{"pid", Variant(4242U)}}, kNice5, {{"all_users", Variant(true)}})
              .starts_with("options: all_users is for globs"));
    CHECK_FALSE(taken({{"pid", Variant(4242U)}}, kNice5, {{"all_users", Variant(false)}}).is_for_everybody);
}

TEST_CASE("a row of ListOverrides has the keys and types of the contract")
{
    CHECK(shape(to_dict(view_of_pattern())) == Shape{"all_users b", "created t", "exe s", "id s", "owner u",
                                                     "permanent b", "processes u", "reason s", "settings a{sv}",
                                                     "while_connected b"});
    CHECK(shape(to_dict(view_of_process())) ==
          Shape{"all_users b", "connection s", "created t", "id s", "owner u", "permanent b", "pid u", "processes u",
                "reason s", "remaining_usec t", "settings a{sv}", "start_time t", "while_connected b"});
    CHECK(to_dict(view_of_pattern()).at("created").get<std::uint64_t>() == 1'700'000'000'000'000);
    CHECK(to_dict(view_of_process()).at("while_connected").get<bool>());
}

TEST_CASE("a row of ListOverrides comes back as it went")
{
    check_same(read_override(to_dict(view_of_pattern())), view_of_pattern());
    check_same(read_override(to_dict(view_of_process())), view_of_process());
}

TEST_CASE("what is over by a moment remains for no time, and not for ever")
{
    OverrideView view = view_of_process();
    view.remaining = std::chrono::microseconds{-5};
    CHECK(read_override(to_dict(view)).remaining == std::chrono::microseconds{0});
}

TEST_CASE("a row of a later daemon is read as far as it is known")
{
    const OverrideView view = read_override({{"id", text("9")},
                                             {"slice", text("app.slice")},
                                             {"remaining_usec", Variant(std::numeric_limits<std::uint64_t>::max())},
                                             {"mood", text("good")}});
    CHECK(view.kept.id == "9");
    CHECK(std::get<PatternTarget>(view.kept.target) == PatternTarget{MatchKey::slice, "app.slice"});
    CHECK(view.remaining == std::chrono::microseconds::max());
    CHECK(std::get<PatternTarget>(read_override({}).kept.target).glob.empty());
}

TEST_CASE("a hostile glob and class are shown escaped")
{
    OverrideView view = view_of_pattern();
    view.kept.target = PatternTarget{.key = MatchKey::name, .glob = "a\xff\n*"};
    view.kept.settings = test::settings({{"class", RawValue{"b\x1b[2J"}}});
    const Dict row = to_dict(view);
    CHECK(row.at("name").get<std::string>() == "a\\xff\\n*");
    CHECK(row.at("settings").get<Dict>().at("class").get<std::string>() == "b\\x1b[2J");
}
