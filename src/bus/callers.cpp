// SPDX-License-Identifier: GPL-3.0-or-later
/// Who is calling, and whether they are still there: asked of the bus itself, without waiting for its answer.
#include "bus/callers.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "bus/errors.hpp"
#include "bus/names.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {
namespace {

/// Those who ask again and again are few, and asking the bus once more costs little.
constexpr std::size_t kMostKnown = 64;

/// Whether the message is the bus's own word that the name has no owner any more.
bool tells_of_leaving(sd_bus_message* message)
{
    const char* sender = sd_bus_message_get_sender(message);
    const char* name = nullptr;
    const char* before = nullptr;
    const char* now = nullptr;
    return sender && std::string_view{sender} == kDriverName &&
           sd_bus_message_read(message, "sss", &name, &before, &now) > 0 && std::string_view{now}.empty();
}

}  // namespace

Refusal caller_has_left()
{
    return {Refusal::Kind::failed, "the caller has left the bus, or the bus does not let it be watched"};
}

Callers::Callers(sdbus::IConnection& connection) : driver_{compat::make_proxy(connection, kDriverName, kDriverPath)} {}
Callers::~Callers() = default;

void Callers::find_user(const std::string& sender, std::function<void(std::optional<Uid>)> then)
{
    const auto sent = caught("GetConnectionUnixUser(" + sender + ")", [&] {
        driver_->callMethodAsync("GetConnectionUnixUser")
            .onInterface(kDriverName)
            .withArguments(sender)
            .uponReplyInvoke([this, sender, then](compat::CallError error, std::uint32_t uid) {
                if (error)
                    return then(std::nullopt);
                remember(sender, Uid{uid});
                then(Uid{uid});
            });
    });
    if (!sent)
        then(std::nullopt);
}

std::optional<Uid> Callers::known_user(const std::string& sender) const
{
    const auto found = known_.find(sender);
    return found == known_.end() ? std::nullopt : std::optional{found->second};
}

void Callers::remember(const std::string& sender, Uid user)
{
    if (known_.size() >= kMostKnown)
        known_.clear();
    known_.emplace(sender, user);
}

void Callers::find_owner(const std::string& name, std::function<void(std::optional<std::string>)> then)
{
    const auto sent = caught("GetNameOwner(" + name + ")", [&] {
        driver_->callMethodAsync("GetNameOwner")
            .onInterface(kDriverName)
            .withArguments(name)
            .uponReplyInvoke([then](compat::CallError error, const std::string& owner) {
                then(error ? std::nullopt : std::optional{owner});
            });
    });
    if (!sent)
        then(std::nullopt);
}

Result<Match> Callers::watch(const std::string& connection, std::function<void()> left)
{
    const auto rule =
        fmt::format("type='signal',sender='{}',path='{}',interface='{}',member='NameOwnerChanged',arg0='{}'",
                    kDriverName, kDriverPath, kDriverName, connection);
    return listen(rule, {.heard =
                             [left](sd_bus_message* message) {
                                 if (tells_of_leaving(message))
                                     left();
                             },
                         .failed = left});
}

Result<Match> Callers::listen(const std::string& rule, Match::Handlers handlers)
{
    return Match::add(compat::native_bus(*driver_), rule, std::move(handlers));
}

}  // namespace priorityd::bus
