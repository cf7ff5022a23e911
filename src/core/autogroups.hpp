// SPDX-License-Identifier: GPL-3.0-or-later
/// The nice value of whole sessions. Where autogroup is on, sessions compete with each other by it alone and the nice
/// value of a process counts only inside its session; so the session gets what all of its processes have in common.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/ids.hpp"
#include "core/ports.hpp"
#include "core/setting.hpp"
#include "core/units.hpp"

namespace priorityd {

/// What one process asks of its session.
struct SessionWish {
    Nice nice;
    /// That it is lowered although others in it, for which nothing was decided, are not: those would wait for the
    /// session's share of the CPU, and the guard has found that worse is done outside of it.
    bool is_urgent = false;
    friend bool operator==(const SessionWish&, const SessionWish&) = default;
};

/// Its nice value, 19 for SCHED_IDLE, 0 when it was given neither.
[[nodiscard]] Nice autogroup_wish(const SettingMap& settings);

class Autogroups {
public:
    /// A process that something was decided for. May move a session in either direction.
    void add_member(SessionId session, Pid pid, SessionWish wish, Instant now);
    /// A process that nobody decided anything for has started: as long as it lives its session is not lowered.
    /// True when its end matters from now on: remove() is to be called then.
    [[nodiscard]] bool add_bystander(SessionId session, Pid pid, Instant now);
    /// A member or bystander has ended; does nothing for others.
    void remove(Pid pid, Instant now);

    /// When settle() wants to be called; empty when there is nothing to do.
    [[nodiscard]] std::optional<Instant> deadline() const { return due_; }
    /// What settling takes; references live as long as the call.
    struct Tools {
        ProcessSource& source;
        Actuator& actuator;
        ExitWatch& exits;
        Originals& originals;
    };
    /// Brings the sessions that have changed to what their processes have in common. May list all processes: slow.
    void settle(const Tools& tools);
    /// Puts every session back.
    void restore(const Tools& tools);

    /// Takes up what an earlier priorityd has changed and not put back; the next settle() decides. Lists all processes.
    void adopt(const std::vector<SessionOriginal>& left, ProcessSource& source, Instant now);
    /// What was written and not put back.
    [[nodiscard]] std::vector<SessionOriginal> originals() const;

    /// For explain: what was done to the session and why. Empty for a session without members.
    struct State {
        std::optional<Nice> value;  ///< Written by priorityd; empty while it has not.
        std::string because;
        std::string outcome;
    };
    [[nodiscard]] std::optional<State> state(SessionId id) const;

private:
    struct Session {
        std::unordered_map<Pid, SessionWish> members;
        std::optional<Pid> bystander;  // one that holds the session up; there may be more
        bool is_searched = false;      // no bystander was there at the last search, and none has come since
        std::uint64_t autogroup = 0;   // the one that these are about
        std::optional<Nice> before;
        std::optional<Nice> written;
        bool has_changed = false;
        std::string outcome;
    };

    /// Nothing that is lowered in it, and nobody that leaves it but the bystander, can make a difference.
    [[nodiscard]] static bool is_held_up(const Session& session);
    void mark(Session& session, Instant now);
    void adopt_one(SessionId id, const Autogroup& autogroup, const std::vector<SessionOriginal>& left, Instant now);
    [[nodiscard]] static Nice wish_of(const Session& session);
    [[nodiscard]] static bool is_urgent(const Session& session);
    void find_bystander(SessionId id, Session& session, ProcessSource& source, ExitWatch& exits);
    void settle_one(SessionId id, Session& session, const Tools& tools, Nice target);
    static void write(Session& session, ProcessHandle& through, Nice target, const Tools& tools);

    std::optional<Instant> due_;
    std::map<SessionId, Session> sessions_;
    std::unordered_map<Pid, SessionId> session_of_;  // of members and of the known bystanders
};

}  // namespace priorityd
