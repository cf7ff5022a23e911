// SPDX-License-Identifier: GPL-3.0-or-later
/// The program with the focus, as whoever shows the windows says, and what belongs to it.
#pragma once

#include <map>
#include <optional>

#include "core/cgroup_path.hpp"
#include "core/ids.hpp"
#include "core/ports.hpp"

namespace priorityd {

class Foreground {
public:
    /// `source` outlives this.
    explicit Foreground(ProcessSource& source) : source_{source} {}

    /// Empty: nobody knows, or says any more.
    void set(const std::optional<ProcessKey>& process);
    /// Empty also once it has ended.
    [[nodiscard]] std::optional<ProcessKey> process() const;
    /// Whether it is that process, has been started by it, or is in the same application's unit. Costs microseconds
    /// when it is asked for the first time, else next to nothing.
    [[nodiscard]] bool contains(const ProcessKey& process);

private:
    [[nodiscard]] bool belongs(const ProcessKey& process) const;
    [[nodiscard]] std::optional<Snapshot> look_at(Pid pid, FactSet wanted) const;

    ProcessSource& source_;
    std::optional<ProcessKey> process_;
    std::optional<Unit> unit_;            // the application's
    std::map<ProcessKey, bool> answers_;  // since process_ was set
};

}  // namespace priorityd
