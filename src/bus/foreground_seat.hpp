// SPDX-License-Identifier: GPL-3.0-or-later
/// Who says which program has the focus: asks whether he sits at the machine, and believes him until he leaves the bus.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "bus/callers.hpp"
#include "bus/logins.hpp"
#include "core/control.hpp"

namespace priorityd::bus {

class ForegroundSeat {
public:
    using Then = std::function<void(const Verdict<void>&)>;
    /// Whether the caller has to sit at the machine.
    enum class Trust : std::uint8_t { at_the_machine, anyhow };

    /// All of them outlive this.
    ForegroundSeat(sdbus::IConnection& connection, Callers& callers, Control& control)
        : callers_{callers}, control_{control}, logins_{connection}
    {
    }

    /// `process` has the focus, says this caller. `then` is told what became of it; not when this object is gone by
    /// then. Refusals: not_authorised for a user without an active session; failed when the caller has left.
    void take(const Caller& caller, const ProcessKey& process, Trust trust, const Then& then);
    /// Nobody says it any more.
    void clear();

private:
    void believe(const std::string& connection, const ProcessKey& process, const Then& then);
    void part_from(const std::string& connection);

    Callers& callers_;
    Control& control_;
    Logins logins_;
    std::string who_says_;  // a connection
    std::optional<Match> watch_;
};

}  // namespace priorityd::bus
