// SPDX-License-Identifier: GPL-3.0-or-later
/// Who is told what when the profile in force becomes another one.
#include "daemon/overlay_switch.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "daemon/eventually.hpp"
#include "kernel/temporary_folder.hpp"
#include "support/fake_world.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using namespace priorityd::test;
using kernel::TemporaryFolder;

namespace {

constexpr auto* kRules =
    "[class.build]\nnice = 10\n[profile.battery]\ndescription = \"On the road\"\n[profile.battery.class.build]\nnice = "
    "15\n"
    "[profile.desk]\n";

struct FakePower final : PowerSource {
    void follow(PowerInterest interest) override { interests.push_back(interest); }
    std::vector<PowerInterest> interests;
};

struct News final : OverlayListener {
    void overlay_changed(const OverlayStatus& status) override { told.push_back(status); }
    std::vector<OverlayStatus> told;
};

int nice_in(const Policy& policy)
{
    return find_value<Nice>(policy.find_class("build")->settings, Setting::nice)->value();
}

struct House {
    explicit House(const std::string& settings = "", ChosenOverlay* store = nullptr)
        : overlays{{.log = log, .store = store, .swap = [this](std::shared_ptr<const Policy> policy) {
                        ++swaps;
                        in_force = std::move(policy);
                    }}}
    {
        overlays.add_listener(news);
        read(kRules, settings);
    }

    void read(const std::string& rules, const std::string& settings = "")
    {
        in_force = overlays.use(policy_of(rules, settings));
    }
    /// What is said at once; empty when it is done.
    std::string choose(const std::string& choice)
    {
        const auto answer = std::make_shared<std::string>("not answered");
        overlays.choose(choice, [answer](const Verdict<void>& done) { *answer = done ? "" : done.error().text; });
        return *answer;
    }

    Log log{Log::Level::error};
    News news;
    int swaps = 0;
    std::shared_ptr<const Policy> in_force;
    OverlaySwitch overlays;
};

}  // namespace

TEST_CASE("a choice swaps the policy, and giving it back swaps it again")
{
    House house;
    CHECK(nice_in(*house.in_force) == 10);
    CHECK(house.choose("battery").empty());
    CHECK(nice_in(*house.in_force) == 15);
    CHECK(house.overlays.status().name == "battery");
    CHECK(house.overlays.status().chosen == "battery");
    CHECK(house.choose("auto").empty());
    CHECK(nice_in(*house.in_force) == 10);
    CHECK(house.swaps == 2);
    REQUIRE(house.news.told.size() == 2);
    CHECK(house.news.told[0].name == "battery");
    CHECK(house.news.told[1] == house.overlays.status());
}

TEST_CASE("a choice of what is in force already swaps nothing, and is told")
{
    House house{"[profiles]\ndefault = \"battery\"\n"};
    CHECK(nice_in(*house.in_force) == 15);
    house.news.told.clear();
    CHECK(house.choose("battery").empty());
    CHECK(house.swaps == 0);
    REQUIRE(house.news.told.size() == 1);
    CHECK(house.news.told[0].chosen == "battery");
    CHECK(house.choose("battery").empty());
    CHECK(house.news.told.size() == 1);
}

TEST_CASE("an unknown name is refused with those that are near, and changes nothing")
{
    House house;
    CHECK(house.choose("batery").find("did you mean \"battery\"?") != std::string::npos);
    CHECK(house.choose("a\x1b[2J").find('\x1b') == std::string::npos);
    CHECK(house.choose("").find("known here: auto, none, battery, desk") != std::string::npos);
    CHECK(house.swaps == 0);
    CHECK(house.overlays.status().chosen == "auto");
}

TEST_CASE("the power state swaps where the settings name it, and a choice stays over it")
{
    House house{"[profiles]\npower-saver = \"battery\"\n"};
    house.overlays.hear({.profile = Occasion::power_saver, .is_on_battery = false});
    CHECK(nice_in(*house.in_force) == 15);
    house.overlays.hear({.profile = Occasion::balanced, .is_on_battery = false});
    CHECK(nice_in(*house.in_force) == 10);
    CHECK(house.choose("desk").empty());
    house.overlays.hear({.profile = Occasion::power_saver, .is_on_battery = false});
    CHECK(nice_in(*house.in_force) == 10);
    CHECK(house.choose("auto").empty());
    CHECK(nice_in(*house.in_force) == 15);
}

TEST_CASE("what knows the power state is told what is of interest, and forgotten with what it has said")
{
    House house{"[profiles]\npower-saver = \"battery\"\n"};
    FakePower power;
    house.overlays.use(&power);
    house.overlays.hear({.profile = Occasion::power_saver, .is_on_battery = false});
    house.read(kRules, "[profiles]\non-battery = \"battery\"\n");
    CHECK(power.interests == std::vector<PowerInterest>{{.in_profile = true, .in_battery = false},
                                                        {.in_profile = false, .in_battery = true}});
    CHECK(nice_in(*house.in_force) == 10);
    house.read(kRules, "[profiles]\npower-saver = \"battery\"\n");
    CHECK(nice_in(*house.in_force) == 10);  // until it is told again
    house.overlays.hear({.profile = Occasion::power_saver, .is_on_battery = false});
    CHECK(nice_in(*house.in_force) == 15);
    house.overlays.use(nullptr);
    CHECK(nice_in(*house.in_force) == 10);
}

TEST_CASE("a chosen profile that vanishes from the files falls back, and comes back with them")
{
    House house;
    CHECK(house.choose("battery").empty());
    house.read("[class.build]\nnice = 10\n");
    CHECK(nice_in(*house.in_force) == 10);
    CHECK(house.overlays.status().name.empty());
    CHECK(house.overlays.status().chosen == "battery");
    CHECK(house.overlays.status().because.find("no file defines it") != std::string::npos);
    house.read(kRules);
    CHECK(nice_in(*house.in_force) == 15);
}

TEST_CASE("all are listed, with the one in force")
{
    House house;
    CHECK(house.choose("battery").empty());
    const auto all = house.overlays.overlays();
    REQUIRE(all.size() == 2);
    CHECK(all[0].name == "battery");
    CHECK(all[0].description == "On the road");
    CHECK(all[0].source.ends_with(":3"));
    CHECK(all[0].is_in_force);
    CHECK(all[1].name == "desk");
    CHECK_FALSE(all[1].is_in_force);
}

TEST_CASE("a choice is in force once it is on disk, and for the next daemon; one that cannot be kept changes nothing")
{
    const TemporaryFolder top;
    auto store = ChosenOverlay::open(top.path());
    REQUIRE(store);
    House house{"", &*store};
    CHECK(house.choose("battery") == "not answered");
    CHECK(nice_in(*house.in_force) == 10);
    REQUIRE(dispatch_until(*store, [&] { return house.swaps == 1; }));
    CHECK(nice_in(*house.in_force) == 15);
    const House next{"", &*store};
    CHECK(nice_in(*next.in_force) == 15);

    std::filesystem::remove(std::filesystem::path{top.path()} / "profile");
    std::filesystem::create_directory(std::filesystem::path{top.path()} / "profile");
    std::optional<Refusal> refusal;
    house.overlays.choose("desk", [&](const Verdict<void>& done) {
        if (!done)
            refusal = done.error();
    });
    REQUIRE(dispatch_until(*store, [&] { return refusal.has_value(); }));
    CHECK(refusal->kind == Refusal::Kind::failed);
    CHECK(house.overlays.status().name == "battery");
}
