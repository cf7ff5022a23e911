// SPDX-License-Identifier: GPL-3.0-or-later
/// An adviser: one who says, in the daemon, what kind of program a process is. It knows what it says or finds it out in
/// its own time; it never acts.
#pragma once

#include <optional>
#include <vector>

#include "core/ids.hpp"
#include "core/scoring/advice.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

class Adviser {
public:
    virtual ~Adviser() = default;
    /// The facts that it wants of a process to which no rule gives a class, before advise(); empty when it has nothing
    /// to say of it anyway.
    [[nodiscard]] virtual FactSet needs(const Snapshot& process) const = 0;
    /// Appends what it has to say by now. On the way of every such start: from memory, in microseconds.
    virtual void advise(const Snapshot& process, std::vector<Vote>& into) = 0;
    /// When run_due() wants to be called; empty when it waits for nothing, and the daemon may sleep.
    [[nodiscard]] virtual std::optional<Instant> deadline(Instant now) = 0;
    virtual void run_due(Instant now) = 0;
    /// Processes that it has something else to say of than before.
    [[nodiscard]] virtual std::vector<Pid> take_news(Instant now) = 0;
};

}  // namespace priorityd
