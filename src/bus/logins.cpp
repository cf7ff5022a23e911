// SPDX-License-Identifier: GPL-3.0-or-later
/// Whether a user sits at the machine. Source: GetUser and State in org.freedesktop.login1(5).
#include "bus/logins.hpp"

#include <chrono>
#include <utility>

#include <sdbus-c++/Types.h>

#include "bus/errors.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {
namespace {

constexpr const char* kLoginManager = "org.freedesktop.login1";
constexpr const char* kManagerPath = "/org/freedesktop/login1";
constexpr const char* kManagerInterface = "org.freedesktop.login1.Manager";
constexpr const char* kUserInterface = "org.freedesktop.login1.User";
constexpr auto kPatience = std::chrono::seconds{5};

bool is_text(const sdbus::Variant& value, const char* text)
{
    return compat::type_of(value) == "s" && value.get<std::string>() == text;
}

}  // namespace

Logins::Logins(sdbus::IConnection& connection)
    : connection_{connection}, manager_{compat::make_proxy(connection, kLoginManager, kManagerPath)}
{
}
Logins::~Logins() = default;

void Logins::ask_if_active(Uid user, std::function<void(bool)> then)
{
    const auto sent = caught("GetUser", [&] {
        manager_->callMethodAsync("GetUser")
            .onInterface(kManagerInterface)
            .withTimeout(kPatience)
            .withArguments(raw(user))
            .uponReplyInvoke([this, then](compat::CallError error, const sdbus::ObjectPath& path) {
                if (error)
                    then(false);
                else
                    ask_for_state(path, then);
            });
    });
    if (!sent)
        then(false);
}

void Logins::ask_for_state(const std::string& path, const std::function<void(bool)>& then)
{
    const auto sent = caught("State", [&] {
        auto& user = users_[path];
        if (!user)
            user = compat::make_proxy(connection_, kLoginManager, path.c_str());
        user->callMethodAsync("Get")
            .onInterface("org.freedesktop.DBus.Properties")
            .withTimeout(kPatience)
            .withArguments(kUserInterface, "State")
            .uponReplyInvoke([then](compat::CallError error, const sdbus::Variant& state) {
                then(!error && is_text(state, "active"));
            });
    });
    if (!sent)
        then(false);
}

}  // namespace priorityd::bus
