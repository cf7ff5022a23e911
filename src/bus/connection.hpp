// SPDX-License-Identifier: GPL-3.0-or-later
/// A connection to a message bus that somebody else's event loop drives.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"

struct sd_event;
namespace sdbus {
class IConnection;
}

namespace priorityd::bus {

/// Which bus to talk on.
struct Address {
    enum class Kind : std::uint8_t { system, session, other };
    Kind kind = Kind::system;
    std::string text;  ///< The D-Bus address, for other: "unix:path=/run/x".

    /// "the system bus", "the session bus", "the bus at unix:path=/run/x".
    [[nodiscard]] std::string to_text() const;
    friend bool operator==(const Address&, const Address&) = default;
};

/// Reads "system", "session" or a D-Bus address. Empty for a text that is none of them.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

class Connection {
public:
    /// What a loop has to wait for before it calls process() again.
    struct Wait {
        int fd = -1;
        std::uint32_t events = 0;         ///< As for poll(2).
        std::uint64_t deadline_usec = 0;  ///< On CLOCK_MONOTONIC; 0 for at once, UINT64_MAX for never.
    };

    /// Connects and says hello. Errors: those of connect(2); EACCES and the like from the bus.
    [[nodiscard]] static Result<Connection> open(const Address& address);
    /// The same of a text that parse_address() takes. Errors: code 0, with those that there are, for another one.
    [[nodiscard]] static Result<Connection> open(const std::string& where);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    /// Becomes `name`. Errors: that another process has it; EACCES when the bus's policy forbids it.
    [[nodiscard]] Result<void> request_name(const char* name);
    /// To be asked before each wait, because it changes with every message. Errors: ENOTCONN once it is lost.
    [[nodiscard]] Result<Wait> wait() const;
    /// Handles at most one message; false when there was none. Errors: ECONNRESET and the like: the connection is lost.
    [[nodiscard]] Result<bool> process();

    /// For this folder alone.
    [[nodiscard]] sdbus::IConnection& native() const { return *native_; }

private:
    explicit Connection(std::unique_ptr<sdbus::IConnection> native);
    std::unique_ptr<sdbus::IConnection> native_;
};

/// Drives a connection without a loop until `is_so`, it is lost, or the time is over.
void run_until(Connection& connection, const std::function<bool()>& is_so, std::chrono::milliseconds patience);

/// What becomes of a connection that an event loop drives.
struct Driving {
    /// Called once when the connection is lost and has been detached; may destroy attachment and connection.
    std::function<void(const Error&)> on_lost;
    /// Calls what it is given, which handles a message: for what has to be done around that. Empty: nothing.
    std::function<void(const std::function<void()>&)> around;
    /// As for sd_event_source_set_priority(3), so larger is later.
    std::int64_t priority = 0;
};

/// Keeps a connection attached to an event loop for as long as it lives.
class Attachment {
public:
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;
    Attachment(Attachment&&) noexcept;
    Attachment& operator=(Attachment&&) noexcept;
    ~Attachment();

private:
    friend Result<Attachment> attach(Connection&, sd_event*, Driving);
    struct State;
    explicit Attachment(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Lets `event` drive the connection, which must outlive the attachment and stay where it is, a message at a time. With
/// nothing to do it causes no wake-up. Errors: those of sd_event_add_io(3).
[[nodiscard]] Result<Attachment> attach(Connection& connection, sd_event* event, Driving driving);

}  // namespace priorityd::bus
