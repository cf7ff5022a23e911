// SPDX-License-Identifier: GPL-3.0-or-later
/// Asks polkit whether a caller may do something. Whatever is not a clear yes is a no.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <sdbus-c++/IConnection.h>
#include <sdbus-c++/IProxy.h>

#include "core/control.hpp"

namespace priorityd::bus {

/// Whether a person may be asked for a password; the caller says so in the header of the call.
enum class Interaction : std::uint8_t { forbidden, allowed };

/// For how long polkit is waited for.
struct PolkitPatience {
    /// It answers at once when it asks nobody, even if it has to be started first.
    std::chrono::microseconds alone = std::chrono::seconds{10};
    /// Somebody has to find a password and to type it.
    std::chrono::microseconds with_people = std::chrono::minutes{2};
};

class Polkit {
public:
    /// What is asked of it.
    struct Question {
        std::string connection;  ///< Unique name of the caller.
        Interaction interaction{};
        Privileges wanted;
    };
    using Then = std::function<void(const Verdict<void>&)>;

    explicit Polkit(sdbus::IConnection& connection, PolkitPatience patience = {});
    Polkit(const Polkit&) = delete;
    Polkit& operator=(const Polkit&) = delete;
    Polkit(Polkit&&) = delete;
    Polkit& operator=(Polkit&&) = delete;
    ~Polkit();

    /// Stands for a question that has been asked.
    using Ticket = std::uint64_t;

    /// Asks for one after the other; the first no ends it. Calls `then` once, with that no (not_authorised) or when all
    /// are allowed: maybe at once, at the latest when patience ends. Nothing is called once this object is gone.
    Ticket ask(Question question, Then then);
    /// Nobody waits for this any more: polkit closes the dialog that it may have opened, and `then` is told a no. For a
    /// question that has been answered this does nothing.
    void withdraw(Ticket ticket);

private:
    struct Asking {
        Question question;
        Then then;
        std::size_t next = 0;  ///< Of those wanted.
    };
    void ask_for_next(Ticket ticket);
    void send(Ticket ticket, const Asking& asking);
    void hear(Ticket ticket, const Verdict<void>& verdict);
    void cancel(Ticket ticket);
    void end(Ticket ticket, const Verdict<void>& verdict);

    std::map<Ticket, Asking> open_;
    Ticket last_ = 0;
    std::unique_ptr<sdbus::IProxy> authority_;
    PolkitPatience patience_;
};

}  // namespace priorityd::bus
