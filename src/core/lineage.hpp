// SPDX-License-Identifier: GPL-3.0-or-later
/// Where the values of a new process come from: which process, changed by priorityd, has started it.
/// The kernel tells of no forks here (they are too many), so this is found out from parents, sessions and cgroups, and
/// only for processes that have something to explain.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/ids.hpp"
#include "core/overrides.hpp"
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
        Value present;  ///< What the process has by now: `written`, unless it has been changed since.
        std::string source;
        friend bool operator==(const Item&, const Item&) = default;
    };

    ProcessKey from;
    std::string name;  ///< The public one: whoever owns an heir is told of it.
    Uid uid{};
    std::int32_t session = 0;
    std::string cgroup;  ///< Empty when it is not known.
    std::vector<Item> items;
    std::optional<ChildrenPolicy> children;
    /// Of a process of which nothing else is known: whom it has started has a start time between its own and this.
    std::optional<std::uint64_t> last_child;

    /// Something that an earlier priorityd has written and that the process has no more.
    void add_former(const Original& original);
};

/// Who may have a share in what a process has; references live as long as the call that they are given to.
struct Relatives {
    const ProcessTable& table;
    ProcessSource& source;
    const OverrideTable& overrides;
    MachineSource& machine;
};

/// Whether the kernel has told of another program. It does so also of one that a scan or another event has made known
/// already.
enum class Program : std::uint8_t { same, another };

class Lineage {
public:
    /// What a process has from priorityd: to be asked before it is changed, and given to note_change() afterwards.
    [[nodiscard]] static Bequest bequest_of(const TrackedProcess& process);
    [[nodiscard]] static Bequest empty_bequest_of(const Snapshot& process);
    /// What an earlier priorityd has told of a process, in order of time.
    void adopt(Bequest earlier, const ProcessTable& table);
    /// What there is to remember of processes beside what they have now, in order of time for each.
    [[nodiscard]] std::vector<Original> originals(const ProcessTable& table) const;

    /// A process has been changed. What it had until now may have gone over to others.
    void note_change(TrackedProcess& process, const Bequest& until_now);
    /// Nothing is decided for a process any more: it has been put back.
    void note_release(const TrackedProcess& process, const Bequest& until_now);
    /// A process that was changed has ended; those that it has started may still turn up.
    void note_end(const TrackedProcess& process);
    /// The same of one that has ended before it could be looked at. `ticks`: by now, as start times.
    void note_unseen_end(const TrackedProcess& process, std::uint64_t ticks);

    /// False when the process surely has nothing from priorityd, which costs next to nothing to find out. `process`:
    /// with stat.
    [[nodiscard]] bool may_inherit(const Snapshot& process, const ProcessTable& table) const;
    /// What the process has from priorityd without being decided, be it from the process that started it or from the
    /// program that it ran before. Costs microseconds for each level of descent that has to be looked at. `process`:
    /// with stat and owner.
    [[nodiscard]] std::vector<Inherited> inheritance_of(const Snapshot& process, ProcessHandle& handle, Program program,
                                                        const Relatives& relatives) const;

private:
    [[nodiscard]] std::vector<Inherited> from_ancestors(const Snapshot& child, ProcessHandle& handle,
                                                        const Relatives& relatives) const;
    [[nodiscard]] std::vector<Inherited> from_session_or_cgroup(const Snapshot& orphan, ProcessHandle& handle,
                                                                const Relatives& relatives) const;

    void note_former(const TrackedProcess& process, const Bequest& until_now);
    [[nodiscard]] std::vector<Bequest::Item> take_former(Pid pid);
    [[nodiscard]] Bequest full_bequest_of(const TrackedProcess& process) const;
    [[nodiscard]] std::vector<Inherited> from_released(const ProcessKey& parent, ProcessHandle& handle,
                                                       const Relatives& relatives) const;

    std::unordered_map<Pid, std::vector<Bequest::Item>> former_;  // what tracked processes had earlier, latest first
    std::deque<Bequest> released_;                                // the latest first
    std::deque<Bequest> ended_;                                   // the latest first
    std::deque<Bequest> ended_unseen_;                            // the latest first
    std::unordered_set<Pid> unseen_;                              // were changed in nothing that stat shows
};

}  // namespace priorityd
