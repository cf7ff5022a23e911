// SPDX-License-Identifier: GPL-3.0-or-later
/// Asks polkit whether a caller may do something. Whatever is not a clear yes is a no.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <sdbus-c++/IConnection.h>
#include <sdbus-c++/IProxy.h>

#include "core/control.hpp"

namespace priorityd::bus {

/// Whether a person may be asked for a password; the caller says so in the header of the call.
enum class Interaction : std::uint8_t { forbidden, allowed };

class Polkit {
public:
    /// What is asked of it.
    struct Question {
        std::string connection;  ///< Unique name of the caller.
        Interaction interaction{};
        Privileges wanted;
    };
    using Then = std::function<void(const Verdict<void>&)>;

    explicit Polkit(sdbus::IConnection& connection);
    Polkit(const Polkit&) = delete;
    Polkit& operator=(const Polkit&) = delete;
    Polkit(Polkit&&) = delete;
    Polkit& operator=(Polkit&&) = delete;
    ~Polkit();

    /// Asks for one after the other; the first no ends it. Calls `then` once, with that no (not_authorised) or when all
    /// are allowed: maybe at once, at the latest after 10 s each, or 2 minutes where a person may be asked. Nothing is
    /// called once this object is gone.
    void ask(Question question, Then then);

private:
    struct Asking;
    void ask_for_next(const std::shared_ptr<Asking>& asking);
    void send(const std::shared_ptr<Asking>& asking, Privilege privilege);
    std::unique_ptr<sdbus::IProxy> authority_;
};

}  // namespace priorityd::bus
