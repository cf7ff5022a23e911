// SPDX-License-Identifier: GPL-3.0-or-later
/// A scoring engine: looks at const snapshots and returns contributions. It cannot read, act or log.
#pragma once

#include <optional>
#include <string_view>

#include "core/certainty.hpp"
#include "core/decision.hpp"
#include "core/ids.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

class Engine {
public:
    virtual ~Engine() = default;

    /// Short, unique, as shown in `explain` and `priorityctl engines`.
    [[nodiscard]] virtual std::string_view name() const = 0;
    /// The facts that it still wants before it can judge this process; empty when it can. Asked again after each
    /// reading, so it can ask for dear facts only when the cheap ones have made them matter.
    [[nodiscard]] virtual FactSet needs(const Snapshot& process) const = 0;
    /// How much it can say of a process of which only exe is known; what came along from another process is left out
    /// of that. Asked once for each file: see reflexes.hpp.
    [[nodiscard]] virtual Certainty certainty_by_exe(const Snapshot& process) const = 0;
    /// Appends what it has to say of the process, lowest precedence first; nothing when it has no opinion.
    virtual void judge(const Snapshot& process, Instant now, Decision& into) const = 0;
};

}  // namespace priorityd
