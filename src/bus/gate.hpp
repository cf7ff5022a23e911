// SPDX-License-Identifier: GPL-3.0-or-later
/// What not everybody may ask for passes here: who calls, what it takes, whether polkit allows it, then it is done.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "bus/callers.hpp"
#include "bus/polkit.hpp"
#include "core/control.hpp"

namespace priorityd::bus {

/// A call as the bus has delivered it.
struct Call {
    std::string sender;  ///< Unique name.
    Interaction interaction{};
};

/// What a call comes to, once it is known who calls.
struct Intent {
    Privileges needs;
    std::function<void()> carry_out;  ///< Answers the caller.
};

class Gate {
public:
    using Plan = std::function<Verdict<Intent>(const Caller&)>;
    using Refuse = std::function<void(const Refusal&)>;

    /// Polkit is not asked for root, nor for `own_uid`, the user that the daemon runs as. `callers` must outlive this.
    Gate(sdbus::IConnection& connection, Callers& callers, Uid own_uid);

    /// Comes to one end: what `plan` returned is carried out, or `refuse` is called; that is also what happens when the
    /// caller has left the bus by then. Neither is called once this object is gone.
    void pass(const Call& call, Plan plan, Refuse refuse);

    /// Whether polkit is never asked about this user.
    [[nodiscard]] bool is_trusted(Uid user) const { return user == Uid{0} || user == own_uid_; }
    /// Calls `then` once, maybe at once: whether polkit allows this to the caller, without a dialog. It is not asked
    /// while too many calls of that user wait for it, and the answer is no.
    void ask(const Caller& caller, Privilege privilege, std::function<void(bool)> then);

private:
    struct Visit;
    void receive(const std::shared_ptr<Visit>& visit, const Plan& plan);
    void ask_polkit(const std::shared_ptr<Visit>& visit);
    void stay_with(const std::shared_ptr<Visit>& visit);
    void withdraw_if_gone(const std::shared_ptr<Visit>& visit);
    std::optional<Polkit::Ticket> put(const Caller& caller, Interaction interaction, Privileges wanted,
                                      Polkit::Then then);
    void see_whether_there(const std::shared_ptr<Visit>& visit);

    Callers& callers_;
    Polkit polkit_;
    Uid own_uid_;
    std::map<std::string, int> unknown_;  ///< Calls of each connection that the bus has not told the user of.
    std::map<Uid, int> waiting_;          ///< Calls of each user that polkit is thinking about.
};

}  // namespace priorityd::bus
