// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/power_watch.hpp"

#include <cstddef>
#include <string>

#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {
namespace {

/// Source: org.freedesktop.UPower.PowerProfiles.xml and net.hadess.PowerProfiles.xml of power-profiles-daemon.
constexpr std::array<PropertyWatch::Property, 2> kActiveProfile{{
    {"org.freedesktop.UPower.PowerProfiles", "/org/freedesktop/UPower/PowerProfiles",
     "org.freedesktop.UPower.PowerProfiles", "ActiveProfile"},
    {"net.hadess.PowerProfiles", "/net/hadess/PowerProfiles", "net.hadess.PowerProfiles", "ActiveProfile"},
}};
/// Source: org.freedesktop.UPower(7).
constexpr PropertyWatch::Property kOnBattery{"org.freedesktop.UPower", "/org/freedesktop/UPower",
                                             "org.freedesktop.UPower", "OnBattery"};

/// Another word than the known ones says nothing.
std::optional<Occasion> read_profile(const std::optional<sdbus::Variant>& value)
{
    if (!value || compat::type_of(*value) != "s")
        return std::nullopt;
    return find_power_profile(value->get<std::string>());
}

/// Null when it cannot be followed, as on a bus that is lost.
std::unique_ptr<PropertyWatch> watch(Connection& connection, const PropertyWatch::Property& property,
                                     PropertyWatch::Changed changed)
{
    auto watch = PropertyWatch::follow(connection.native(), property, std::move(changed));
    return watch ? *std::move(watch) : nullptr;
}

}  // namespace

void PowerWatch::follow(PowerInterest interest)
{
    if (!interest.in_profile) {
        profile_watches_ = {};
        profiles_ = {};
        told_.profile.reset();
    } else if (!profile_watches_.front()) {
        follow_profile();
    }
    if (!interest.in_battery) {
        battery_watch_.reset();
        is_on_battery_ = false;
        told_.is_on_battery = false;
    } else if (!battery_watch_) {
        follow_battery();
    }
}

void PowerWatch::follow_profile()
{
    for (std::size_t i = 0; i < kActiveProfile.size(); ++i)
        profile_watches_.at(i) =
            watch(connection_, kActiveProfile.at(i), [this, i](const std::optional<sdbus::Variant>& value) {
                profiles_.at(i) = read_profile(value);
                tell();
            });
}

void PowerWatch::follow_battery()
{
    battery_watch_ = watch(connection_, kOnBattery, [this](const std::optional<sdbus::Variant>& value) {
        is_on_battery_ = value && compat::type_of(*value) == "b" && value->get<bool>();
        tell();
    });
}

void PowerWatch::tell()
{
    const PowerState now{.profile = profiles_.front() ? profiles_.front() : profiles_.back(),
                         .is_on_battery = is_on_battery_};
    if (now == told_)
        return;
    told_ = now;
    changed_(now);
}

}  // namespace priorityd::bus
