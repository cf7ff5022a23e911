// SPDX-License-Identifier: GPL-3.0-or-later
/// Profiles on a real bus: who sees them, who may switch, and how that is told.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "bus/marshal_overlay.hpp"
#include "peers.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using namespace priorityd::test;
using Kind = ClientError::Kind;
using Says = FakePolkit::Says;

namespace {

struct OverlayFixture : StrangerFixture {
    FakeOverlays& overlays = daemon.overlays;

    ClientResult<void> choose_as_stranger(const std::string& choice)
    {
        return ask_as_stranger([&](ManagerClient& client) { return client.choose_overlay(choice); });
    }
};

}  // namespace

TEST_CASE("a profile goes over the bus as it is")
{
    for (const auto& one : two_overlays())
        CHECK(read_overlay(to_dict(one)) == one);
    CHECK(read_overlay({}) == OverlayView{});
}

TEST_CASE_FIXTURE(OverlayFixture, "everybody sees the profiles, which one is in force, and why")
{
    const auto all = ask_as_stranger([](ManagerClient& client) { return client.overlays(); });
    REQUIRE(all);
    CHECK(*all == two_overlays());
    const auto status = ask_as_stranger([](ManagerClient& client) { return client.status(); });
    REQUIRE(status);
    CHECK(status->overlay == overlays.now);
}

TEST_CASE_FIXTURE(OverlayFixture, "whom polkit allows it switches the profile")
{
    with_polkit(Says::yes);
    CHECK(choose_as_stranger("desk"));
    CHECK(choose_as_stranger("auto"));
    CHECK(overlays.chosen == std::vector<std::string>{"desk", "auto"});
    REQUIRE(polkit->questions.size() == 2);
    CHECK(polkit->questions[0].action == "org.priorityd1.switch-profile");
    CHECK(polkit->questions[0].flags == 1);
}

TEST_CASE_FIXTURE(OverlayFixture, "nobody else does")
{
    CHECK(choose_as_stranger("desk").error().kind == Kind::not_authorised);  // there is no polkit
    with_polkit(Says::no);
    CHECK(choose_as_stranger("desk").error().kind == Kind::not_authorised);
    CHECK(overlays.chosen.empty());
}

TEST_CASE_FIXTURE(OverlayFixture, "a name that no file defines is refused before anybody is asked for a password")
{
    with_polkit(Says::yes);
    const auto done = choose_as_stranger("gone");
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == Kind::failed);
    CHECK(polkit->questions.empty());
    CHECK(error_of("SetProfile", std::string{"gone"}).first == "org.priorityd1.Error.NoSuchProfile");
    CHECK(overlays.chosen.empty());
}

TEST_CASE_FIXTURE(OverlayFixture, "a choice that could not be stored is an error")
{
    with_polkit(Says::yes);
    overlays.failure = Refusal{Refusal::Kind::failed, "cannot be kept: no space"};
    const auto done = choose_as_stranger("desk");
    REQUIRE_FALSE(done);
    CHECK(done.error().text == "cannot be kept: no space");
}

TEST_CASE_FIXTURE(OverlayFixture, "a switch is told by PropertiesChanged")
{
    const std::string rule =
        "type='signal',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',path='/org/priorityd1'";
    Peer listener{loop, address};
    std::vector<std::string> heard;
    const auto take = [](sd_bus_message* message, void* data, sd_bus_error*) {
        auto& names = *static_cast<std::vector<std::string>*>(data);
        const char* interface = nullptr;
        const char* name = nullptr;
        sd_bus_message_read(message, "s", &interface);
        sd_bus_message_enter_container(message, 'a', "{sv}");
        while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
            const char* value = nullptr;
            sd_bus_message_read(message, "s", &name);
            sd_bus_message_read(message, "v", "s", &value);
            names.push_back(std::string{name} + "=" + value);
            sd_bus_message_exit_container(message);
        }
        return 0;
    };
    REQUIRE(sd_bus_add_match(listener.native(), nullptr, rule.c_str(), take, &heard) >= 0);
    with_polkit(Says::yes);
    CHECK(choose_as_stranger("desk"));
    REQUIRE(loop.run_until([&] { return heard.size() >= 3; }));
    CHECK(heard == std::vector<std::string>{"Profile=desk", "ProfileChoice=desk", "ProfileReason=chosen"});
}
