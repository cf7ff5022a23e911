// SPDX-License-Identifier: GPL-3.0-or-later
/// Who is calling: asked of the bus itself, without waiting for its answer.
#include "bus/callers.hpp"

#include <utility>

#include "bus/names.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {

Callers::Callers(sdbus::IConnection& connection) : driver_{compat::make_proxy(connection, kDriverName, kDriverPath)} {}
Callers::~Callers() = default;

void Callers::find_user(const std::string& sender, std::function<void(std::optional<Uid>)> then)
{
    driver_->callMethodAsync("GetConnectionUnixUser")
        .onInterface(kDriverName)
        .withArguments(sender)
        .uponReplyInvoke([then = std::move(then)](compat::CallError error, std::uint32_t uid) {
            then(error ? std::nullopt : std::optional{Uid{uid}});
        });
}

}  // namespace priorityd::bus
