// SPDX-License-Identifier: GPL-3.0-or-later
/// The processes of one unit, and the weights that they have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "core/ids.hpp"
#include "core/weights.hpp"

namespace priorityd {

/// Whether a unit is lowered for a process although others in it, for which nothing was decided, are not. Those would
/// wait for the unit's share of the CPU, and the guard has found that worse is done outside of it.
enum class Urgency : std::uint8_t { usual, pressing };

/// What one process asks of its unit.
struct UnitWish {
    Weights weights;
    Urgency urgency = Urgency::usual;
    friend bool operator==(const UnitWish&, const UnitWish&) = default;
};

class UnitMembers {
public:
    /// A process that asks for these weights, which may be none. True when that is news.
    bool add(Pid pid, const UnitWish& wish);
    /// One that has ended, or asks for nothing any more.
    void remove(Pid pid);
    /// A process that asks for nothing itself stays with its parent, where that one is here and lowers. True when it
    /// does.
    bool add_heir(Pid pid, Pid parent);

    /// Takes note of the processes that there are; answers with those that ask for nothing and have come since the last
    /// look.
    [[nodiscard]] std::vector<Pid> look(const std::vector<Pid>& present);

    struct Common {
        Weights weights;
        bool is_limited = false;  ///< By processes that ask for nothing, which counts as 100.
    };
    /// Of all of them the most that one asks for; nothing without members. While it is pressing for one, those that ask
    /// for nothing do not count.
    [[nodiscard]] Common common() const;

    /// Those that ask for something else than the others, see unit_split.hpp; of one such wish at a time. Without those
    /// that were to be moved once: where the kernel did not let them go they stay.
    [[nodiscard]] std::vector<Pid> who_differs() const;

    /// These were to be moved to a unit of their own.
    void note_moved(const std::vector<Pid>& pids) { moved_.insert(pids.begin(), pids.end()); }

    /// What a process asks for, or has from its parent.
    [[nodiscard]] Weights wish(Pid pid) const;
    [[nodiscard]] bool empty() const { return members_.empty(); }
    [[nodiscard]] std::size_t size() const { return members_.size() + heirs_.size(); }

private:
    [[nodiscard]] bool has_others() const;
    [[nodiscard]] const Weights* wish_of(Pid pid) const;
    [[nodiscard]] bool is_pressing() const;

    std::map<Pid, UnitWish> members_;
    std::map<Pid, Weights> heirs_;
    std::set<Pid> others_;  // at the last look
    std::set<Pid> moved_;   // as far as they are here still
};

}  // namespace priorityd
