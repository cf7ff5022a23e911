// SPDX-License-Identifier: GPL-3.0-or-later
/// What callers want changed: each request goes through the gate, is done by the Control, and is answered.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sdbus-c++/Types.h>

#include "bus/callers.hpp"
#include "bus/foreground_seat.hpp"
#include "bus/gate.hpp"
#include "bus/logouts.hpp"
#include "bus/replies.hpp"
#include "bus/sessions.hpp"
#include "bus/tethers.hpp"
#include "core/control.hpp"
#include "core/inspection.hpp"
#include "core/learning.hpp"
#include "core/overlay_control.hpp"

namespace priorityd::bus {

class Requests {
public:
    /// The number of rules in force, and what was to be said of them.
    using RulesSlip = Replies::Slip<std::uint32_t, std::vector<std::string>>;

    /// All of what is given must outlive this.
    Requests(sdbus::IConnection& connection, Callers& callers, Gate& gate, Inspection& inspection, Control& control,
             Learning& learning, OverlayControl& overlays, Sessions& sessions);

    void add_override(const Call& call, OverrideRequest request, Replies::Slip<std::string> slip);
    void remove_override(const Call& call, std::string id, Replies::Slip<> slip);
    void use_user_rules(const Call& call, std::vector<std::pair<std::string, std::string>> files, RulesSlip slip);
    void reload(const Call& call, RulesSlip slip);
    /// Anybody may serve the own user's units: whoever lies harms nobody else.
    void attach_session(const Call& call, std::vector<std::string> units, Replies::Slip<> slip);

    /// `pidfd` of a process of the caller's, who has to have an active session; see Control::plan_foreground.
    void set_foreground(const Call& call, const sdbus::UnixFd& pidfd, Replies::Slip<> slip);

    /// A rule for all users, for good.
    void accept_suggestion(const Call& call, std::string id, Replies::Slip<std::string> slip);
    void reject_suggestion(const Call& call, std::string id, Replies::Slip<> slip);
    void forget_learned(const Call& call, Replies::Slip<> slip);

    /// For all processes, and until the next choice.
    void choose_overlay(const Call& call, std::string choice, Replies::Slip<> slip);

    /// These overrides are no more, for whatever reason.
    void forget_overrides(const std::vector<std::string>& ids) { tethers_->cut(ids); }
    /// Nobody is on the bus any more.
    void lose_everybody();

private:
    void make_override(const OverridePlan& plan, const Replies::Slip<std::string>& slip);
    void make_tethered(const OverridePlan& plan, const Replies::Slip<std::string>& slip);
    void take_user_rules(const UserRulesPlan& plan, const RulesSlip& slip);
    void reload_now(const RulesSlip& slip);

    Gate& gate_;
    Inspection& inspection_;
    Control& control_;
    Learning& learning_;
    OverlayControl& overlays_;
    Sessions& sessions_;
    std::shared_ptr<Tethers> tethers_;  ///< Shared with answers of the Control that are still to come.
    Logouts logouts_;
    ForegroundSeat foreground_;
};

}  // namespace priorityd::bus
