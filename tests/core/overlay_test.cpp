// SPDX-License-Identifier: GPL-3.0-or-later
/// Overlays, which people know as profiles: how they are read, what they change, and which one is in force.
#include <doctest/doctest.h>

#include "core/authority.hpp"
#include "core/decide.hpp"
#include "core/lint.hpp"
#include "core/overlay_choice.hpp"
#include "core/policy_reading.hpp"
#include "support/fake_world.hpp"

using namespace priorityd;
using namespace priorityd::test;

namespace {

constexpr auto* kRules = R"([class.build]
description = "Compilers"
nice = 10
sched = "batch"
[class.media]
nice = -4
[programs]
make = "build"
mpv = "media"
[profile.battery]
description = "On the road"
[profile.battery.class.build]
nice = 15
io = "idle"
[profile.battery.limits]
min_nice = -2
[profile.desk]
)";

std::vector<std::string> complaints(const std::vector<PolicyFile>& files)
{
    std::vector<std::string> texts;
    for (const auto& diagnostic : read_policy(files, FakeAccounts{}).diagnostics)
        texts.push_back(diagnostic.to_text());
    return texts;
}

std::string one_complaint(const std::string& rules)
{
    const auto texts = complaints({{PolicyFile::Kind::rules, "r.toml", "[class.build]\nnice = 10\n" + rules, ""}});
    REQUIRE(texts.size() == 1);
    return texts.front();
}

std::shared_ptr<const Policy> policy_with(const std::string& settings)
{
    return policy_of(kRules, settings);
}

std::shared_ptr<const Policy> overlaid(const Policy& policy, const std::string& name)
{
    const auto* overlay = policy.find_overlay(name);
    REQUIRE(overlay);
    return std::make_shared<const Policy>(policy.overlaid(*overlay));
}

SettingMap settings_of(const std::shared_ptr<const Policy>& policy, const std::string& name)
{
    return classify(layers_of(policy), {.name = name}).process.settings;
}

/// The row in force for a setting.
ExplainRow row_of(const std::shared_ptr<const Policy>& policy, const std::string& name, const std::string& setting)
{
    for (const auto& row : classify(layers_of(policy), {.name = name}).rows) {
        if (row.setting == setting && row.effective)
            return row;
    }
    FAIL("nobody has named it");
    return {};
}

int nice_of(const SettingMap& settings)
{
    const auto* nice = find_value<Nice>(settings, Setting::nice);
    REQUIRE(nice);
    return nice->value();
}

OverlayVerdict judged(const std::string& settings, const PowerState& power = {}, const std::string& chosen = "auto")
{
    return judge_overlays({.chosen = chosen, .power = power}, *policy_with(settings));
}

const PowerState kSaving{.profile = Occasion::power_saver, .is_on_battery = false};
const PowerState kSavingOnBattery{.profile = Occasion::power_saver, .is_on_battery = true};
const PowerState kBalancedOnBattery{.profile = Occasion::balanced, .is_on_battery = true};

}  // namespace

TEST_CASE("an overlay changes single settings of its classes, and nothing else")
{
    const auto policy = policy_of(kRules);
    const auto changed = overlaid(*policy, "battery");
    const auto build = settings_of(changed, "make");
    CHECK(nice_of(build) == 15);
    CHECK(to_text(*build.find(Setting::io)) == "idle");
    CHECK(to_text(*build.find(Setting::sched)) == "batch");
    CHECK(classify(layers_of(changed), {.name = "make"}).process.class_name == "build");
    CHECK(nice_of(settings_of(policy, "make")) == 10);
    CHECK_FALSE(settings_of(policy, "make").contains(Setting::io));
    CHECK(settings_of(overlaid(*policy, "desk"), "make") == settings_of(policy, "make"));
}

TEST_CASE("explain names the profile of a value that is its own, and no other value's")
{
    const auto changed = overlaid(*policy_of(kRules), "battery");
    const auto nice = row_of(changed, "make", "nice");
    CHECK(nice.because.find("profile battery (") == 0);
    CHECK(nice.because.find(":13) over class build: Compilers") != std::string::npos);
    CHECK(nice.source.find(":8") != std::string::npos);  // the rule stays the one that gave the class
    CHECK(row_of(changed, "make", "sched").because == "class build: Compilers");
}

TEST_CASE("limits of an overlay hold while it is in force")
{
    const auto policy = policy_with("limits.min_nice = -10\nlimits.user_min_nice = -3");
    CHECK(nice_of(settings_of(policy, "mpv")) == -4);
    const auto changed = overlaid(*policy, "battery");
    CHECK(nice_of(settings_of(changed, "mpv")) == -2);
    CHECK(changed->settings().limits.user_min_nice == *Nice::make(-3));
    CHECK(policy->settings().limits.min_nice == Nice::make(-10));
}

TEST_CASE("a later file refines an overlay setting by setting, and may name a class that is defined after it")
{
    auto reading =
        read_policy({{PolicyFile::Kind::rules, "a.toml", kRules, ""},
                     {PolicyFile::Kind::rules, "b.toml",
                      "[profile.battery.class.build]\nnice = 16\n[profile.battery.class.later]\nnice = 3\n"
                      "[profile.battery.limits]\nrealtime = false\n",
                      ""},
                     {PolicyFile::Kind::rules, "c.toml", "[class.later]\n[programs]\nlate = \"later\"\n", ""}},
                    FakeAccounts{});
    REQUIRE(reading.policy);
    const auto policy = std::make_shared<const Policy>(*std::move(reading.policy));
    REQUIRE(policy->overlays().size() == 2);
    CHECK(policy->find_overlay("battery")->description == "On the road");
    CHECK(policy->place_text(policy->find_overlay("battery")->place).starts_with("b.toml:"));
    const auto changed = overlaid(*policy, "battery");
    CHECK(nice_of(settings_of(changed, "make")) == 16);
    CHECK(row_of(changed, "make", "nice").because.find("(b.toml:2)") != std::string::npos);
    CHECK(row_of(changed, "make", "io").because.find("(a.toml:14)") != std::string::npos);
    CHECK(nice_of(settings_of(changed, "late")) == 3);
    CHECK(changed->settings().limits.min_nice == Nice::make(-2));
    CHECK_FALSE(changed->settings().limits.realtime);
}

TEST_CASE("what is wrong with an overlay is told with its place and a remedy")
{
    CHECK(one_complaint("[profile.x.class.buidl]\nnice = 1\n") ==
          "r.toml:3:18: error: unknown class \"buidl\"; did you mean \"build\"?");
    CHECK(one_complaint("[profile.x.class.build]\nnize = 1\n") ==
          "r.toml:4:1: error: unknown key \"nize\" in [profile.x.class.build]; did you mean \"nice\"?");
    CHECK(one_complaint("[profile.x.class.build]\nnice = 25\n").starts_with("r.toml:4:8: error: nice = 25"));
    CHECK(one_complaint("[profile.x.class.build]\n").find("is empty") != std::string::npos);
    CHECK(one_complaint("[profile.x.class.build]\nclass = \"build\"\n").find("unknown key") != std::string::npos);
    CHECK(one_complaint("[profile.x.class.build]\nuclamp_min = 50\nuclamp_max = 20\n").find("exchange them") !=
          std::string::npos);
    CHECK(one_complaint("[profile.x.limits]\nmin_nize = 1\n") ==
          "r.toml:4:1: error: unknown key \"min_nize\" in [profile.x.limits]; did you mean \"min_nice\"?");
    CHECK(one_complaint("[profile.x.limits]\nmin_nice = 99\n").find("from -20 to 19") != std::string::npos);
    CHECK(one_complaint("[profile.x]\nnice = 1\n").find("unknown key \"nice\" in [profile.x]") != std::string::npos);
    CHECK(complaints({{PolicyFile::Kind::rules, "r.toml", "profile = 3\n", ""}}).at(0).find("expected a table") !=
          std::string::npos);
    CHECK(one_complaint("[profile]\nx = 3\n").find("expected a table") != std::string::npos);
    CHECK(one_complaint("[profile.x]\nclass = 3\n").find("expected a table") != std::string::npos);
    for (const auto* name : {"auto", "none", "\"\"", "Battery", "\"a b\"", "\"x\\u001b\""})
        CHECK(one_complaint(std::string{"[profile."} + name + "]\n").find("is no name for a profile") !=
              std::string::npos);
}

TEST_CASE("a profile that the settings name and no file defines is told, and the rest counts")
{
    const PolicyFile rules{PolicyFile::Kind::rules, "r.toml", kRules, ""};
    const PolicyFile settings{PolicyFile::Kind::settings, "s.toml",
                              "[profiles]\ndefault = \"desk\"\non-battery = \"batery\"\n", ""};
    CHECK(
        complaints({settings, rules}) ==
        std::vector<std::string>{"s.toml:3:14: warning: profiles.on-battery: no file defines a profile \"batery\"; did "
                                 "you mean \"battery\"?; this line is out of force"});
    auto reading = read_policy({settings, rules}, FakeAccounts{});
    REQUIRE(reading.policy);
    CHECK(judge_overlays({.chosen = "auto", .power = kBalancedOnBattery}, *reading.policy).name == "desk");
    CHECK(interest_of(reading.policy->settings().overlays) == PowerInterest{});
    CHECK(complaints({settings}).size() == 2);
}

TEST_CASE("what is wrong with the settings of profiles is an error")
{
    const auto told = [](const std::string& text) {
        const auto texts = complaints({{PolicyFile::Kind::settings, "s.toml", text, ""}});
        REQUIRE(texts.size() == 1);
        return texts.front();
    };
    CHECK(told("[profiles]\nbalnced = \"none\"\n") ==
          "s.toml:2:1: error: unknown key \"balnced\" in [profiles]; did you mean \"balanced\"?");
    CHECK(told("[profiles]\ndefault = \"\"\n").find("is no name of a profile") != std::string::npos);
    CHECK(told("[profiles]\ndefault = \"auto\"\n").find("is no name of a profile") != std::string::npos);
    CHECK(told("[profiles]\ndefault = 3\n").find("expected text") != std::string::npos);
    CHECK(told("profiles = \"battery\"\n").find("expected a table") != std::string::npos);
}

TEST_CASE("a choice goes over the power state, and that over the default")
{
    constexpr auto* kSettings = "[profiles]\ndefault = \"desk\"\npower-saver = \"battery\"\n";
    CHECK(judged("").name.empty());
    CHECK(judged("").because == "nobody has chosen one, and the settings name none for now");
    CHECK(judged(kSettings) == OverlayVerdict{"desk", "the default of the settings", ""});
    CHECK(judged(kSettings, kSaving) == OverlayVerdict{"battery", "the power profile is power-saver", ""});
    CHECK(judged(kSettings, kSaving, "desk").name == "desk");
    CHECK(judged(kSettings, kSaving, "desk").because.starts_with("chosen; "));
    CHECK(judged(kSettings, kSaving, "none").name.empty());
    CHECK(judged(kSettings, kSaving, "none").because.starts_with("chosen; "));
}

TEST_CASE("the battery decides where the settings say nothing of the power profile")
{
    constexpr auto* kSettings = "[profiles]\ndefault = \"desk\"\npower-saver = \"none\"\non-battery = \"battery\"\n";
    CHECK(judged(kSettings, kBalancedOnBattery) == OverlayVerdict{"battery", "the machine runs on battery", ""});
    CHECK(judged(kSettings, kSavingOnBattery) == OverlayVerdict{"", "the power profile is power-saver", ""});
    CHECK(judged(kSettings, {.profile = Occasion::balanced, .is_on_battery = false}).name == "desk");
}

TEST_CASE("a choice that no file defines is passed over, told, and counts again when a file defines it")
{
    constexpr auto* kSettings = "[profiles]\ndefault = \"desk\"\n";
    const auto verdict = judged(kSettings, {}, "gone");
    CHECK(verdict.name == "desk");
    CHECK(verdict.fault.find("profile gone is chosen, but no file defines it") == 0);
    CHECK(verdict.because.find(verdict.fault) != std::string::npos);
    const auto later = policy_of(std::string{kRules} + "[profile.gone]\n", kSettings);
    CHECK(judge_overlays({.chosen = "gone", .power = {}}, *later).name == "gone");
    CHECK(judge_overlays({.chosen = "gone", .power = {}}, *later).fault.empty());
}

TEST_CASE("only as much of the power state is of interest as the settings name")
{
    const auto interest = [](const std::string& settings) {
        return interest_of(policy_with("[profiles]\n" + settings)->settings().overlays);
    };
    CHECK(interest("default = \"desk\"\n") == PowerInterest{});
    CHECK(interest("performance = \"none\"\n") == PowerInterest{.in_profile = true, .in_battery = false});
    CHECK(interest("on-battery = \"desk\"\n") == PowerInterest{.in_profile = false, .in_battery = true});
}

TEST_CASE("the words for power profiles are those of power-profiles-daemon alone")
{
    CHECK(find_power_profile("power-saver") == Occasion::power_saver);
    CHECK(find_power_profile("balanced") == Occasion::balanced);
    CHECK(find_power_profile("performance") == Occasion::performance);
    for (const auto* word : {"default", "on-battery", "", "turbo"})
        CHECK_FALSE(find_power_profile(word));
    for (const auto& row : occasion_table())
        CHECK(word_for(row.occasion) == row.word);
}

TEST_CASE("rules of a user get the classes with the overlay, say so, and may refine them")
{
    const auto base = overlaid(*policy_with("[profiles]\ndefault = \"desk\"\n"), "battery");
    const auto read = [&](const std::string& text) {
        auto reading = read_policy({{PolicyFile::Kind::rules, "mine.toml", text, ""}}, FakeAccounts{}, base.get());
        CHECK(reading.diagnostics.empty());
        REQUIRE(reading.policy);
        return std::make_shared<const Policy>(*std::move(reading.policy));
    };
    const auto own = read("[programs]\nmine = \"build\"\n");
    CHECK(nice_of(settings_of(own, "mine")) == 15);
    CHECK(row_of(own, "mine", "nice").because.find("profile battery") == 0);
    const auto refined = read("[class.build]\nnice = 12\n[programs]\nmine = \"build\"\n");
    CHECK(nice_of(settings_of(refined, "mine")) == 12);
    CHECK(row_of(refined, "mine", "nice").because == "class build: Compilers");
}

TEST_CASE("check warns of values that a class has already, and of clamps that the kernel refuses")
{
    const auto warnings = [](const std::string& rules) {
        std::vector<std::string> texts;
        for (const auto& diagnostic : lint(*policy_of(rules)))
            texts.push_back(diagnostic.to_text());
        return texts;
    };
    CHECK(warnings(kRules).empty());
    const auto same = warnings("[class.a]\nnice = 3\n[profile.x.class.a]\nnice = 3\n");
    REQUIRE(same.size() == 1);
    CHECK(same.front().find(":4: warning: profile x: nice = 3 is what class a has already") != std::string::npos);
    const auto clamps = warnings("[class.a]\nuclamp_min = 50\n[profile.x.class.a]\nuclamp_max = 20\n");
    REQUIRE(clamps.size() == 1);
    CHECK(clamps.front().find(":4: warning: profile x: class a gets uclamp_min = 50 above uclamp_max = 20") !=
          std::string::npos);
}
