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
#include <systemd/sd-bus.h>

namespace priorityd::bus::compat {

/// sd-bus's own message inside of one. sdbus keeps it for derived classes, so this is one, though never made.
struct Opened : sdbus::Message {
    [[nodiscard]] static sd_bus_message* message(const sdbus::Message& closed)
    {
        return static_cast<sd_bus_message*>(closed.*(&Opened::msg_));
    }
};

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
/// Null when no message is being processed.
[[nodiscard]] inline sd_bus_message* current_message(const sdbus::IObject& object)
{
    return Opened::message(object.getCurrentlyProcessedMessage());
}
[[nodiscard]] inline sdbus::MethodCall make_call(sdbus::IProxy& proxy, const char* interface, const char* method)
{
    return proxy.createMethodCall(sdbus::InterfaceName{interface}, sdbus::MethodName{method});
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
/// Null when no message is being processed.
[[nodiscard]] inline sd_bus_message* current_message(const sdbus::IObject& object)
{
    const sdbus::Message* message = object.getCurrentlyProcessedMessage();
    return message ? Opened::message(*message) : nullptr;
}
[[nodiscard]] inline sdbus::MethodCall make_call(sdbus::IProxy& proxy, const char* interface, const char* method)
{
    return proxy.createMethodCall(interface, method);
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

/// Whether the caller lets a person be asked for a password. Source:
/// sd_bus_message_set_allow_interactive_authorization(3).
[[nodiscard]] inline bool allows_interaction(const sdbus::IObject& object)
{
    sd_bus_message* message = current_message(object);
    return message && sd_bus_message_get_allow_interactive_authorization(message) > 0;
}
inline void allow_interaction(sdbus::MethodCall& call)
{
    sd_bus_message_set_allow_interactive_authorization(Opened::message(call), 1);
}
/// The call reaches only who is there already. Source: sd_bus_message_set_auto_start(3).
inline void start_nobody(sdbus::MethodCall& call)
{
    sd_bus_message_set_auto_start(Opened::message(call), 0);
}
/// The sd-bus connection that the proxy is on; it lives as long as the proxy's connection.
[[nodiscard]] inline sd_bus* native_bus(sdbus::IProxy& proxy)
{
    return sd_bus_message_get_bus(Opened::message(make_call(proxy, "org.freedesktop.DBus.Peer", "Ping")));
}

}  // namespace priorityd::bus::compat
