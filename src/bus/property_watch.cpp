// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/property_watch.hpp"

#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include "bus/callers.hpp"
#include "bus/errors.hpp"
#include "bus/names.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {
namespace {

constexpr auto kPatience = std::chrono::seconds{5};

}  // namespace

class PropertyWatch::State {
public:
    State(sdbus::IConnection& connection, const Property& property, Changed changed)
        : connection_{connection}, callers_{connection}, property_{property}, changed_{std::move(changed)}
    {
    }

    Result<void> follow()
    {
        const auto rule =
            fmt::format("type='signal',sender='{}',path='{}',interface='{}',member='NameOwnerChanged',arg0='{}'",
                        kDriverName, kDriverPath, kDriverName, property_.service);
        auto match = callers_.listen(
            rule, {.heard = [this](sd_bus_message* message) { hear_of_owner(message); }, .failed = [] {}});
        if (!match)
            return tl::unexpected(match.error());
        owners_ = *std::move(match);
        // Asked after the subscription is on its way, so that no change is missed in between.
        callers_.find_owner(property_.service,
                            [this](const std::optional<std::string>& owner) { use(owner.value_or("")); });
        return {};
    }

private:
    /// Anybody may send what looks like a signal of somebody; only who sends it has that name.
    static bool is_from(sd_bus_message* message, std::string_view name)
    {
        const char* sender = sd_bus_message_get_sender(message);
        return sender && std::string_view{sender} == name;
    }

    void hear_of_owner(sd_bus_message* message)
    {
        const char* name = nullptr;
        const char* before = nullptr;
        const char* now = nullptr;
        if (is_from(message, kDriverName) && sd_bus_message_read(message, "sss", &name, &before, &now) > 0 &&
            std::string_view{name} == property_.service)
            use(now);
    }

    /// Calls go to the connection, not to the name, so that nobody is started for them.
    void use(const std::string& owner)
    {
        if (owner_ == owner)
            return;
        owner_ = owner;
        changes_.reset();
        object_ = owner.empty() ? nullptr : compat::make_proxy(connection_, owner.c_str(), property_.path);
        if (!object_)
            return changed_(std::nullopt);
        listen_and_ask();
    }

    /// What the signal says is not read: it may name the property without its value, so the owner is asked in any case.
    void listen_and_ask()
    {
        const auto rule = fmt::format(
            "type='signal',sender='{}',path='{}',interface='org.freedesktop.DBus.Properties',"
            "member='PropertiesChanged',arg0='{}'",
            *owner_, property_.path, property_.interface);
        auto match = callers_.listen(rule, {.heard =
                                                [this](sd_bus_message* message) {
                                                    if (is_from(message, *owner_))
                                                        ask();
                                                },
                                            .failed = [] {}});
        if (match)
            changes_ = *std::move(match);
        ask();
    }

    void ask()
    {
        const auto sent = caught("Get", [&] {
            object_->callMethodAsync("Get")
                .onInterface("org.freedesktop.DBus.Properties")
                .withTimeout(kPatience)
                .withArguments(std::string{property_.interface}, std::string{property_.name})
                .uponReplyInvoke([this](compat::CallError error, const sdbus::Variant& value) {
                    changed_(error ? std::nullopt : std::optional{value});
                });
        });
        if (!sent)
            changed_(std::nullopt);
    }

    sdbus::IConnection& connection_;
    Callers callers_;
    Property property_;
    Changed changed_;
    std::optional<Match> owners_;
    std::optional<Match> changes_;
    std::optional<std::string> owner_;  // empty text: nobody; not known before the first answer
    std::unique_ptr<sdbus::IProxy> object_;
};

PropertyWatch::PropertyWatch(std::unique_ptr<State> state) : state_{std::move(state)} {}
PropertyWatch::~PropertyWatch() = default;

Result<std::unique_ptr<PropertyWatch>> PropertyWatch::follow(sdbus::IConnection& connection, const Property& property,
                                                             Changed changed)
{
    auto state = std::make_unique<State>(connection, property, std::move(changed));
    if (auto followed = state->follow(); !followed)
        return tl::unexpected(followed.error());
    return std::unique_ptr<PropertyWatch>{new PropertyWatch{std::move(state)}};
}

}  // namespace priorityd::bus
