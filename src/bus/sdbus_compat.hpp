// SPDX-License-Identifier: GPL-3.0-or-later
/// What differs between sdbus-c++ 1.x and 2.x, in one place. PRIORITYD_SDBUS_MAJOR comes from the build.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sdbus-c++/sdbus-c++.h>

namespace priorityd::bus::compat {

/// sd-bus's word for "no timeout".
constexpr std::uint64_t kNever = UINT64_MAX;

#if PRIORITYD_SDBUS_MAJOR >= 2

/// What a reply handler is told first: true in a condition when the call has failed.
using CallError = std::optional<sdbus::Error>;

[[nodiscard]] inline sdbus::Error make_error(const char* name, const std::string& text)
{
    return sdbus::Error{sdbus::Error::Name{name}, text};
}
[[nodiscard]] inline std::string type_of(const sdbus::Variant& variant)
{
    const char* type = variant.peekValueType();
    return type ? type : "";
}
inline void request_name(sdbus::IConnection& connection, const char* name)
{
    connection.requestName(sdbus::ServiceName{name});
}
inline bool process_one(sdbus::IConnection& connection)
{
    return connection.processPendingEvent();
}
[[nodiscard]] inline std::uint64_t deadline_usec(const sdbus::IConnection::PollData& data)
{
    return data.timeout == std::chrono::microseconds::max() ? kNever : static_cast<std::uint64_t>(data.timeout.count());
}
template <typename ObjectOrProxy>
[[nodiscard]] std::string sender_of(const ObjectOrProxy& object)
{
    const char* sender = object.getCurrentlyProcessedMessage().getSender();
    return sender ? sender : "";
}
[[nodiscard]] inline std::unique_ptr<sdbus::IProxy> make_proxy(sdbus::IConnection& connection, const char* name,
                                                               const char* path)
{
    return sdbus::createProxy(connection, sdbus::ServiceName{name}, sdbus::ObjectPath{path});
}
template <typename Handler>
[[nodiscard]] sdbus::Slot add_match(sdbus::IConnection& connection, const std::string& match, Handler handler)
{
    return connection.addMatch(match, std::move(handler), sdbus::return_slot);
}
inline void emit_properties_changed(sdbus::IObject& object, const char* interface,
                                    const std::vector<const char*>& names)
{
    object.emitPropertiesChangedSignal(interface, std::vector<sdbus::PropertyName>{names.begin(), names.end()});
}
using BusNameArgument = sdbus::ServiceName;
using PathArgument = sdbus::ObjectPath;

#else

using CallError = const sdbus::Error*;

[[nodiscard]] inline sdbus::Error make_error(const char* name, const std::string& text)
{
    return sdbus::Error{std::string{name}, text};
}
[[nodiscard]] inline std::string type_of(const sdbus::Variant& variant)
{
    return variant.isEmpty() ? std::string{} : variant.peekValueType();
}
inline void request_name(sdbus::IConnection& connection, const char* name)
{
    connection.requestName(name);
}
inline bool process_one(sdbus::IConnection& connection)
{
    return connection.processPendingRequest();
}
[[nodiscard]] inline std::uint64_t deadline_usec(const sdbus::IConnection::PollData& data)
{
    return data.timeout_usec;
}
template <typename ObjectOrProxy>
[[nodiscard]] std::string sender_of(const ObjectOrProxy& object)
{
    const sdbus::Message* message = object.getCurrentlyProcessedMessage();
    return message ? message->getSender() : std::string{};
}
[[nodiscard]] inline std::unique_ptr<sdbus::IProxy> make_proxy(sdbus::IConnection& connection, const char* name,
                                                               const char* path)
{
    return sdbus::createProxy(connection, name, path);
}
template <typename Handler>
[[nodiscard]] sdbus::Slot add_match(sdbus::IConnection& connection, const std::string& match, Handler handler)
{
    return connection.addMatch(match, std::move(handler));
}
inline void emit_properties_changed(sdbus::IObject& object, const char* interface,
                                    const std::vector<const char*>& names)
{
    object.emitPropertiesChangedSignal(interface, std::vector<std::string>{names.begin(), names.end()});
}
using BusNameArgument = std::string;
using PathArgument = std::string;

#endif

}  // namespace priorityd::bus::compat
