// SPDX-License-Identifier: GPL-3.0-or-later
/// A connection to a message bus that somebody else's event loop drives.
#include "bus/connection.hpp"

#include <poll.h>

#include <fmt/format.h>

#include "bus/errors.hpp"
#include "bus/names.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {
namespace {

std::unique_ptr<sdbus::IConnection> connect(const Address& address)
{
    switch (address.kind) {
        case Address::Kind::system: return sdbus::createSystemBusConnection();
        case Address::Kind::session: return sdbus::createSessionBusConnection();
        case Address::Kind::other: break;
    }
    return sdbus::createSessionBusConnectionWithAddress(address.text);
}

/// The same with a remedy for the two that people meet.
Error explained(Error error, const char* name)
{
    if (error.code == EEXIST)
        return {0, fmt::format("another one is running: it owns the name {} on this bus", name)};
    if (error.code == EACCES || error.code == EPERM)
        error.doing = fmt::format("own {} (is its policy file installed in dbus-1/system.d?)", name);
    return error;
}

}  // namespace

std::string Address::to_text() const
{
    switch (kind) {
        case Kind::system: return "the system bus";
        case Kind::session: return "the session bus";
        case Kind::other: break;
    }
    return "the bus at " + text;
}

std::optional<Address> parse_address(std::string_view text)
{
    if (text == "system")
        return Address{Address::Kind::system, {}};
    if (text == "session")
        return Address{Address::Kind::session, {}};
    const auto colon = text.find(':');
    if (colon == 0 || colon == std::string_view::npos)
        return std::nullopt;
    return Address{Address::Kind::other, std::string{text}};
}

Connection::Connection(std::unique_ptr<sdbus::IConnection> native) : native_{std::move(native)} {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open(const Address& address)
{
    return caught("connect to " + address.to_text(), [&] { return Connection{connect(address)}; });
}

Result<Connection> Connection::open(const std::string& where)
{
    const auto address = parse_address(where);
    if (!address)
        return failure(0, fmt::format("{}: expected system, session or a D-Bus address", where));
    return open(*address);
}

Result<void> Connection::request_name(const char* name)
{
    return caught(fmt::format("own {}", name), [&] { compat::request_name(*native_, name); })
        .map_error([name](const Error& error) { return explained(error, name); });
}

Result<Connection::Wait> Connection::wait() const
{
    return caught("wait for the bus", [&] {
        const auto data = native_->getEventLoopPollData();
        return Wait{data.fd, static_cast<std::uint32_t>(data.events), compat::deadline_usec(data)};
    });
}

Result<bool> Connection::process()
{
    return caught("process a message of the bus", [&] { return compat::process_one(*native_); });
}

void run_until(Connection& connection, const std::function<bool()>& is_so, std::chrono::milliseconds patience)
{
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!is_so()) {
        const auto handled = connection.process();
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (!handled || left.count() <= 0)
            return;
        const auto wait = connection.wait();
        if (!wait)
            return;
        pollfd socket{.fd = wait->fd, .events = static_cast<short>(wait->events), .revents = 0};
        if (!*handled)
            ::poll(&socket, 1, static_cast<int>(left.count()));
    }
}

}  // namespace priorityd::bus
