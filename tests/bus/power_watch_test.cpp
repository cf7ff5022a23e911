// SPDX-License-Identifier: GPL-3.0-or-later
/// The power state on a real bus, told by services that come and go, lie and say nothing; those of real ones are in
/// tests/system/test_profiles.py.
#include "bus/power_watch.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "peers.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using namespace priorityd::test;

namespace {

constexpr auto* kNewName = "org.freedesktop.UPower.PowerProfiles";
constexpr auto* kNewPath = "/org/freedesktop/UPower/PowerProfiles";
constexpr auto* kOldName = "net.hadess.PowerProfiles";
constexpr auto* kOldPath = "/net/hadess/PowerProfiles";
constexpr auto* kUPower = "org.freedesktop.UPower";
constexpr auto* kUPowerPath = "/org/freedesktop/UPower";

/// Has one property, of type s or b; answers Get as it is told, and counts the questions.
class FakeService {
public:
    FakeService(Loop& loop, const Address& address, const char* name, const char* path, std::string value)
        : peer{loop, address}, path_{path}, interface_{name}, value_{std::move(value)}
    {
        sd_bus_add_object(peer.native(), nullptr, path, answer, this);
        peer.own(name);
    }
    FakeService(const FakeService&) = delete;
    FakeService& operator=(const FakeService&) = delete;

    void set(const std::string& value)
    {
        value_ = value;
        tell(peer, path_, interface_);
    }
    /// The signal alone, from whomever.
    static void tell(const Peer& who, const std::string& path, const std::string& interface,
                     const char* destination = nullptr)
    {
        sd_bus_message* signal = nullptr;
        sd_bus_message_new_signal(who.native(), &signal, path.c_str(), "org.freedesktop.DBus.Properties",
                                  "PropertiesChanged");
        sd_bus_message_append(signal, "sa{sv}as", interface.c_str(), 0, 0);
        if (destination)
            sd_bus_message_set_destination(signal, destination);
        sd_bus_send(who.native(), signal, nullptr);
        sd_bus_message_unref(signal);
        sd_bus_flush(who.native());
    }

    bool is_broken = false;  ///< Answers with an error.
    int questions = 0;
    Peer peer;

private:
    static int answer(sd_bus_message* message, void* data, sd_bus_error*)
    {
        auto& self = *static_cast<FakeService*>(data);
        if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Properties", "Get") <= 0)
            return 0;
        ++self.questions;
        if (self.is_broken)
            return sd_bus_reply_method_errorf(message, "org.freedesktop.DBus.Error.Failed", "no mood");
        if (self.value_ == "true" || self.value_ == "false")
            return sd_bus_reply_method_return(message, "v", "b", self.value_ == "true");
        return sd_bus_reply_method_return(message, "v", "s", self.value_.c_str());
    }

    std::string path_;
    std::string interface_;
    std::string value_;
};

constexpr PowerInterest kProfile{.in_profile = true, .in_battery = false};
constexpr PowerInterest kBattery{.in_profile = false, .in_battery = true};
constexpr PowerInterest kBoth{.in_profile = true, .in_battery = true};

struct PowerFixture {
    PrivateBus bus;
    Address address{Address::Kind::other, bus.address()};
    Loop loop;
    Connection connection = expect(Connection::open(address));
    Attachment attachment = expect(attach(connection, loop.native(), {}));
    std::vector<PowerState> told;
    PowerWatch watch{connection, [this](const PowerState& power) { told.push_back(power); }};

    FakeService service(const char* name, const char* path, const char* value)
    {
        return FakeService{loop, address, name, path, value};
    }
    [[nodiscard]] bool comes_to(const PowerState& wanted)
    {
        return loop.run_until([&] { return !told.empty() && told.back() == wanted; });
    }
    /// Until all that was sent by now has been handled.
    void settle(FakeService& service)
    {
        const int before = service.questions;
        service.set("balanced");
        REQUIRE(loop.run_until([&] { return service.questions > before; }));
    }
};

PowerState profile(Occasion occasion)
{
    return {.profile = occasion, .is_on_battery = false};
}

}  // namespace

TEST_CASE_FIXTURE(PowerFixture, "the power profile is followed from what it is through each change")
{
    auto daemon = service(kNewName, kNewPath, "power-saver");
    watch.follow(kProfile);
    CHECK(told.empty());  // not before it returns
    CHECK(comes_to(profile(Occasion::power_saver)));
    daemon.set("performance");
    CHECK(comes_to(profile(Occasion::performance)));
}

TEST_CASE_FIXTURE(PowerFixture, "by the old name too, and where both are there the newer counts")
{
    watch.follow(kProfile);
    auto old = service(kOldName, kOldPath, "performance");
    CHECK(comes_to(profile(Occasion::performance)));
    {
        auto newer = service(kNewName, kNewPath, "power-saver");
        CHECK(comes_to(profile(Occasion::power_saver)));
    }
    CHECK(comes_to(profile(Occasion::performance)));  // it has gone
}

TEST_CASE_FIXTURE(PowerFixture, "the battery is followed, and is none where nobody tells")
{
    watch.follow(kBattery);
    {
        auto upower = service(kUPower, kUPowerPath, "true");
        CHECK(comes_to({.profile = {}, .is_on_battery = true}));
        upower.set("false");
        CHECK(comes_to({.profile = {}, .is_on_battery = false}));
        upower.set("true");
        CHECK(comes_to({.profile = {}, .is_on_battery = true}));
    }
    CHECK(comes_to({.profile = {}, .is_on_battery = false}));
}

TEST_CASE_FIXTURE(PowerFixture, "words and types that nobody knows, and errors, say nothing")
{
    auto daemon = service(kNewName, kNewPath, "power-saver");
    auto upower = service(kUPower, kUPowerPath, "power-saver");
    watch.follow(kBoth);
    CHECK(comes_to(profile(Occasion::power_saver)));
    daemon.set("on-battery");
    CHECK(comes_to({}));
    daemon.set("balanced");
    CHECK(comes_to(profile(Occasion::balanced)));
    daemon.set("true");
    CHECK(comes_to({}));
    daemon.set("balanced");
    CHECK(comes_to(profile(Occasion::balanced)));
    daemon.is_broken = true;
    daemon.set("balanced");
    CHECK(comes_to({}));
}

TEST_CASE_FIXTURE(PowerFixture, "nothing is asked that is not wanted, and what is wanted no more is forgotten")
{
    auto daemon = service(kNewName, kNewPath, "power-saver");
    auto upower = service(kUPower, kUPowerPath, "true");
    watch.follow(kProfile);
    CHECK(comes_to(profile(Occasion::power_saver)));
    CHECK(upower.questions == 0);
    watch.follow(kBattery);
    CHECK(comes_to({.profile = {}, .is_on_battery = true}));
    const int asked = daemon.questions;
    daemon.set("balanced");
    upower.set("false");
    CHECK(comes_to({}));
    CHECK(daemon.questions == asked);
    watch.follow(kProfile);
    CHECK(comes_to(profile(Occasion::balanced)));
}

TEST_CASE_FIXTURE(PowerFixture, "signals of others than the owner of the name are not listened to")
{
    auto daemon = service(kNewName, kNewPath, "power-saver");
    watch.follow(kProfile);
    CHECK(comes_to(profile(Occasion::power_saver)));
    const int asked = daemon.questions;
    const std::string own_name = connection.native().getUniqueName();
    Peer liar{loop, address};
    FakeService::tell(liar, kNewPath, kNewName);
    FakeService::tell(liar, kNewPath, kNewName, own_name.c_str());
    settle(daemon);
    CHECK(daemon.questions == asked + 1);
}
