// SPDX-License-Identifier: GPL-3.0-or-later
/// Rules that are read against another policy: a user's own against the classes of the system's.
#include <doctest/doctest.h>

#include "core/decide.hpp"
#include "core/policy_reading.hpp"
#include "support/fake_world.hpp"

using namespace priorityd;
using namespace priorityd::test;

namespace {

constexpr auto* kSystemRules =
    "[class.media]\nnice = -4\nio = \"best-effort/2\"\n"
    "[programs]\nmpv = \"media\"\n"
    "[[rule]]\nname = \"x*\"\nset = { nice = 3 }\n";

PolicyReading read_on(const Policy& base, const std::string& rules)
{
    return read_policy({{PolicyFile::Kind::rules, "mine.toml", rules, ""}}, FakeAccounts{}, &base);
}

std::shared_ptr<const Policy> policy_on(const Policy& base, const std::string& rules)
{
    auto reading = read_on(base, rules);
    REQUIRE(reading.policy);
    return std::make_shared<const Policy>(*std::move(reading.policy));
}

SettingMap settings_of(const std::shared_ptr<const Policy>& policy, const std::string& name)
{
    return classify({.policy = policy}, {.name = name}).process.settings;
}

}  // namespace

TEST_CASE("rules that are read on a base may name its classes")
{
    const auto base = policy_of(kSystemRules);
    const auto process =
        classify(layers_of(policy_on(*base, "[programs]\nmyplayer = \"media\"\n")), {.name = "myplayer"}).process;
    CHECK(process.class_name == "media");
    CHECK(process.settings == base->find_class("media")->settings);
    CHECK(process.source == "mine.toml:2");
}

TEST_CASE("rules of the base are no part of what is read on it")
{
    const auto base = policy_of(kSystemRules);
    const auto own = policy_on(*base, "[programs]\nmyplayer = \"media\"\n");
    CHECK(own->rules().size() == 1);
    CHECK(settings_of(own, "mpv").empty());
    CHECK(settings_of(own, "xy").empty());
    CHECK_FALSE(own->could_match("mpv"));
    CHECK(base->rules().size() == 2);
}

TEST_CASE("a class of the base is refined for that reading only")
{
    const auto base = policy_of(kSystemRules);
    const auto own = policy_on(*base, "[class.media]\nnice = 1\n[programs]\nmyplayer = \"media\"\n");
    CHECK(find_value<Nice>(settings_of(own, "myplayer"), Setting::nice)->value() == 1);
    CHECK(settings_of(own, "myplayer").contains(Setting::io));
    CHECK(find_value<Nice>(settings_of(base, "mpv"), Setting::nice)->value() == -4);
}

TEST_CASE("places of the base's classes and of the own rules both print")
{
    const auto base = policy_of(kSystemRules);
    const auto own = policy_on(*base, "\n[class.mine]\nnice = 1\n[programs]\na = \"mine\"\n");
    CHECK(own->place_text(own->find_class("media")->place) == base->place_text(base->find_class("media")->place));
    CHECK(own->place_text(own->find_class("mine")->place) == "mine.toml:2");
    CHECK(own->place_text(own->rules().front().place) == "mine.toml:5");
}

TEST_CASE("the base's settings hold for what is read on it")
{
    const auto base = policy_of(kSystemRules, "[limits]\nuser_min_nice = -2\n");
    CHECK(policy_on(*base, "")->settings() == base->settings());
}

TEST_CASE("a class that neither the base nor the own files have is told with the nearest of both")
{
    const auto base = policy_of(kSystemRules);
    const auto complaint = [&](const std::string& rules) { return read_on(*base, rules).diagnostics.at(0).to_text(); };
    CHECK(complaint("[programs]\na = \"medai\"\n") ==
          "mine.toml:2:5: error: unknown class \"medai\"; did you mean \"media\"?");
    CHECK(complaint("[class.mine]\nnice = 1\n[programs]\na = \"mien\"\n").find("did you mean \"mine\"?") !=
          std::string::npos);
}
