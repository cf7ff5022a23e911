// SPDX-License-Identifier: GPL-3.0-or-later
/// Users whose last session ends. Source: UserRemoved in org.freedesktop.login1(5).
#include "bus/logouts.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include <systemd/sd-bus.h>

namespace priorityd::bus {
namespace {

constexpr const char* kLoginManager = "org.freedesktop.login1";
constexpr const char* kRule =
    "type='signal',sender='org.freedesktop.login1',path='/org/freedesktop/login1',"
    "interface='org.freedesktop.login1.Manager',member='UserRemoved'";

}  // namespace

Logouts::Logouts(Callers& callers, std::function<void(Uid)> logged_out)
    : callers_{callers}, logged_out_{std::move(logged_out)}
{
}

void Logouts::expect(Uid user)
{
    expected_.insert(user);
    if (!match_)
        listen();
}

void Logouts::ignore(Uid user)
{
    expected_.erase(user);
    if (expected_.empty())
        match_.reset();
}

/// Where the bus refuses, the next who expects somebody tries again.
void Logouts::listen()
{
    auto match = callers_.listen(
        kRule, {.heard = [this](sd_bus_message* message) { hear(message); }, .failed = [this] { match_.reset(); }});
    if (match)
        match_ = *std::move(match);
}

/// Anybody on the bus may send what looks like the login manager's signal, so its owner is looked up.
void Logouts::hear(sd_bus_message* message)
{
    const char* sender = sd_bus_message_get_sender(message);
    std::uint32_t uid = 0;
    if (!sender || sd_bus_message_read(message, "uo", &uid, nullptr) <= 0 || !expected_.contains(Uid{uid}))
        return;
    callers_.find_owner(kLoginManager, [this, uid, sender = std::string{sender}](std::optional<std::string> owner) {
        if (owner == sender)
            believe(Uid{uid});
    });
}

void Logouts::believe(Uid user)
{
    if (!expected_.contains(user))
        return;
    ignore(user);
    logged_out_(user);
}

}  // namespace priorityd::bus
