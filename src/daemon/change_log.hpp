// SPDX-License-Identifier: GPL-3.0-or-later
/// Writes each change into the log, with its reason, for those who watch the daemon in the foreground.
#pragma once

#include "core/inspection.hpp"
#include "daemon/log.hpp"

namespace priorityd::daemon {

class ChangeLog final : public ChangeListener {
public:
    explicit ChangeLog(const Log& log) : log_{log} {}
    void processes_changed(const std::vector<ProcessView>& changed, std::uint32_t left_out) override;
    /// Nothing to add: the daemon logs it itself.
    void policy_reloaded(std::uint32_t /*generation*/, const ReloadReport& /*report*/) override {}

private:
    const Log& log_;
};

}  // namespace priorityd::daemon
