// SPDX-License-Identifier: GPL-3.0-or-later
/// The object /org/priorityd1: answers from an Inspection, and tells the bus what has changed.
#pragma once

#include <memory>

#include "bus/connection.hpp"
#include "core/ids.hpp"
#include "core/inspection.hpp"
#include "core/result.hpp"

namespace priorityd::bus {

/// Signals that cannot be sent are dropped: that the connection is lost is told by its Attachment.
class Service final : public ChangeListener {
public:
    /// Exports the object; both arguments must outlive it. `own_uid`: the user that the daemon runs as, who may do here
    /// what root may. Errors: EEXIST when the connection has such an object already.
    [[nodiscard]] static Result<std::unique_ptr<Service>> create(Connection& connection, Inspection& inspection,
                                                                 Uid own_uid);
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;
    Service(Service&&) = delete;
    Service& operator=(Service&&) = delete;
    ~Service() override;

    void processes_changed(const std::vector<ProcessView>& changed, std::uint32_t left_out) override;
    void policy_reloaded(std::uint32_t generation, const ReloadReport& report) override;

private:
    class Object;
    explicit Service(std::unique_ptr<Object> object);
    std::unique_ptr<Object> object_;
};

}  // namespace priorityd::bus
