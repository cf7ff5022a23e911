// SPDX-License-Identifier: GPL-3.0-or-later
/// Weights of systemd units. Units compete with their siblings by weight alone, whatever the nice values inside; so a
/// unit gets what all of its processes have in common, and never less as long as one of them was not given a weight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/cgroup_path.hpp"
#include "core/ids.hpp"
#include "core/ports.hpp"
#include "core/unit_members.hpp"
#include "core/unit_split.hpp"
#include "core/weights.hpp"

namespace priorityd {

struct UnitProcess {
    Unit unit;
    Pid pid;
};

class UnitWeights {
public:
    explicit UnitWeights(UnitManagers& managers) : managers_{managers} {}

    /// A process with a weight among its settings, or one that had one. Nothing happens before settle().
    void add_member(const Unit& unit, Pid pid, const UnitWish& wish, Instant now);
    /// A member has ended or is decided without a weight; does nothing for others.
    void remove(Pid pid, Instant now);

    /// A process that settle() has answered with asks for nothing, and is a child of this one: it stays with it, where
    /// that one is lowered.
    void add_heir(const UnitProcess& process, Pid parent, Instant now);

    /// What slices of the system's manager are to have, whatever runs in them, instead of what was wanted before. What
    /// an administrator has set for one stays.
    void want_slices(const SliceWeights& slices);

    /// What becomes of processes that differ from the rest of their scope; at first they stay.
    void use(SessionScopes scopes);
    /// Processes that are about to be moved to another unit, to which whoever sees them there adds them. Their manager
    /// has taken that on, and takes its time.
    [[nodiscard]] std::vector<Pid> take_moved() { return std::exchange(moved_, {}); }

    /// When settle() wants to be called; empty when there is nothing to do.
    [[nodiscard]] std::optional<Instant> deadline() const { return due_; }
    /// Brings the units that are due to what their processes have in common; what comes of it comes later. Answers with
    /// the processes in them that nobody has told of, such as a service's workers: each of them once. Where the manager
    /// does not answer or fails it is asked again, three times and later and later, and then when something changes.
    [[nodiscard]] std::vector<UnitProcess> settle(Instant now);
    /// Takes back every weight that was set, and that nobody else has changed since.
    void restore();

    /// The manager of this user's units can be reached from now on; `set` names the units that have weights which it
    /// was given by priorityd, earlier or another one. Nothing that was asked before is answered any more.
    void reach_manager(Uid user, const std::vector<std::string>& set, Instant now);
    /// The manager of this user's units cannot be reached any more. It takes back by itself what it was given, and what
    /// it was asked stays unanswered.
    void lose_manager(Uid user, Instant now);

    /// An earlier priorityd has set weights here and not taken them back.
    void adopt(const std::vector<Unit>& left, Instant now);
    /// Where a weight is set, or was asked to be and nobody has answered yet.
    [[nodiscard]] std::vector<Unit> changed() const;

    struct State {
        Weights wish;  ///< Of the process.
        Weights written;
        std::string because;
        std::string outcome;

        /// "applied (unit x.service has cpu_weight 50: for all of its processes)".
        [[nodiscard]] std::string to_text() const;
    };
    /// For explain. Empty for a process that asks for no weight.
    [[nodiscard]] std::optional<State> state(Pid pid) const;

    /// A slice that is to have weights of its own, by which everything in it competes with its siblings.
    struct SliceState {
        std::string name;
        Weights wanted;
        std::string outcome;
    };
    /// Those that a process in this cgroup is in, from the outermost on.
    [[nodiscard]] std::vector<SliceState> slices_above(std::string_view cgroup) const;

private:
    struct Group {
        UnitMembers members;
        std::optional<Weights> fixed;       // whatever its processes ask for
        std::optional<Instant> due;         // when it is to be settled
        Instant settled{};                  // when that was last begun
        std::size_t later_looks = 0;        // since something has changed
        std::optional<Instant> not_before;  // while its manager fails
        bool is_asked = false;              // an answer of the manager is awaited
        bool is_writing = false;            // and it is that to a change
        bool is_adopted = false;            // what is set was written by an earlier priorityd
        bool is_held = false;               // by an administrator
        Weights written;                    // by priorityd
        std::string outcome;
        bool is_whole = false;    // nobody may split it
        std::string split_fault;  // why who differs stays
    };
    using Groups = std::map<Unit, Group>;

    [[nodiscard]] static Outcome outcome_of(const Error& error);
    /// Whether it may come through a moment later.
    [[nodiscard]] static bool may_pass(const Error& error);
    [[nodiscard]] static bool is_changed(const Group& group);
    [[nodiscard]] static Weights wish_of(const Group& group);
    [[nodiscard]] bool may_be_split(const Unit& unit, const Group& group) const;
    void split(const Unit& unit, Group& group, std::vector<Pid> leaving);
    void finish_split(const Unit& unit, const std::vector<Pid>& leaving, const Result<void>& answer);
    void note_failure(Group& group, const Result<void>& answer);
    [[nodiscard]] static std::string text_of(const Group& group);
    [[nodiscard]] static std::string reason_of(const Unit& unit, const Group& group);
    void fix(Group& group, const std::optional<Weights>& weights);
    void mark(Group& group, Instant now);
    void schedule(Group& group, Instant when);
    void look_again(Group& group);
    [[nodiscard]] std::vector<Pid> strangers_in(const Unit& unit, Group& group);
    void settle_one(const Unit& unit, Group& group);
    [[nodiscard]] Group* answered(const Unit& unit);
    void ask(const Unit& unit, Group& group);
    void compare(const Unit& unit, Group& group, const Weights& found);
    void write(const Unit& unit, Group& group, const Weights& weights);
    void finish(Group& group, const Weights& weights, const Result<void>& answer);
    void take_back(const Unit& unit, const Group& group);

    UnitManagers& managers_;
    Groups groups_;
    std::unordered_map<Pid, Unit> unit_of_;
    std::optional<Instant> due_;
    Instant settled_at_{};
    SessionScopes session_scopes_ = SessionScopes::leave;
    std::vector<Pid> moved_;
    std::uint64_t splits_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // answers that come later than its end find it gone
};

}  // namespace priorityd
