// SPDX-License-Identifier: GPL-3.0-or-later
/// The object /org/priorityd1: answers from an Inspection, a Learning and an OverlayControl, hands wishes to them and
/// to a Control, tells the bus what has changed.
#pragma once

#include <memory>

#include "bus/connection.hpp"
#include "bus/sessions.hpp"
#include "core/control.hpp"
#include "core/ids.hpp"
#include "core/inspection.hpp"
#include "core/learning.hpp"
#include "core/overlay_control.hpp"
#include "core/result.hpp"

namespace priorityd::bus {

/// Signals that cannot be sent are dropped: that the connection is lost is told by its Attachment.
class Service final : public ChangeListener,
                      public OverrideListener,
                      public SuggestionListener,
                      public OverlayListener {
public:
    /// Exports the object; `connection` must outlive it, and the others whatever is still to be processed on that.
    /// `sessions` is on the same connection.
    /// `own_uid`: the user that the daemon runs as, who may do here what root may. Errors: EEXIST when the connection
    /// has such an object already.
    [[nodiscard]] static Result<std::unique_ptr<Service>> create(Connection& connection, Inspection& inspection,
                                                                 Control& control, Learning& learning,
                                                                 OverlayControl& overlays, Sessions& sessions,
                                                                 Uid own_uid);
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    Service(Service&&) = delete;
    Service& operator=(Service&&) = delete;
    ~Service() override;

    void processes_changed(const std::vector<ProcessView>& changed, std::uint32_t left_out) override;
    void policy_reloaded(std::uint32_t generation, const ReloadReport& report) override;
    void overrides_changed(const std::vector<std::string>& added, const std::vector<std::string>& removed) override;
    void suggestion_added(const SuggestionView& suggestion) override;
    void overlay_changed(const OverlayStatus& status) override;
    /// To be called when the connection is lost, and with it everybody on it: overrides that were to last as long as
    /// somebody's connection end.
    void lose_everybody();

private:
    class Object;
    explicit Service(std::unique_ptr<Object> object);
    std::unique_ptr<Object> object_;
};

}  // namespace priorityd::bus
