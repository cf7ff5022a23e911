// SPDX-License-Identifier: GPL-3.0-or-later
/// Where the values of a new process come from: which process, changed by priorityd, has started it.
/// The kernel tells of no forks here (they are too many), so this is found out from parents, sessions and cgroups, and
/// only for processes that have something to explain.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/ids.hpp"
#include "core/ports.hpp"
#include "core/process_table.hpp"
#include "core/setting.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// What a process that priorityd has changed hands on to those it starts.
struct Bequest {
    struct Item {
        Setting setting{};
        Value before;
        Value written;
        std::string source;
        friend bool operator==(const Item&, const Item&) = default;
    };

    ProcessKey from;
    std::string name;
    Uid uid{};
    std::int32_t session = 0;
    std::string cgroup;  ///< Empty when it is not known.
    std::vector<Item> items;
    std::optional<ChildrenPolicy> children;
};

[[nodiscard]] Bequest bequest_of(const TrackedProcess& process);

class Lineage {
public:
    /// A process has been changed, or put back.
    void note_change(const TrackedProcess& process);
    /// A process that was changed has ended; those that it has started may still turn up.
    void note_end(const TrackedProcess& process);

    /// False when the process surely has nothing from priorityd, which costs next to nothing to find out. `child`: with
    /// stat.
    [[nodiscard]] bool may_inherit(const Snapshot& child, const ProcessTable& table) const;
    /// What `child` has from the process that started it. Costs microseconds for each level between the two. `child`:
    /// with stat and owner.
    [[nodiscard]] std::vector<Inherited> inherited_by(const Snapshot& child, ProcessHandle& handle,
                                                      const ProcessTable& table, ProcessSource& source) const;
    /// What the program that a process runs from now on has from the one that it ran before, or that one from others.
    [[nodiscard]] static std::vector<Inherited> inherited_from_itself(const TrackedProcess& process,
                                                                      ProcessHandle& handle);

private:
    [[nodiscard]] std::vector<Inherited> from_session_or_cgroup(const Snapshot& orphan, ProcessHandle& handle,
                                                                const ProcessTable& table, ProcessSource& source) const;

    std::deque<Bequest> ended_;       // the latest first
    std::unordered_set<Pid> unseen_;  // processes that were changed in nothing that stat shows
};

}  // namespace priorityd
