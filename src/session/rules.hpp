// SPDX-License-Identifier: GPL-3.0-or-later
/// This user's own rules: handed over to each new daemon, and again whenever their folder has changed.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "bus/daemon_link.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/folder_watch.hpp"
#include "daemon/log.hpp"
#include "kernel/user_rules.hpp"

namespace priorityd::session {

class Rules {
public:
    using HandOver = std::function<void(const kernel::UserRuleFiles&,
                                        std::function<void(const Result<bus::DaemonLink::RulesAnswer>&)>)>;

    /// `log` must outlive this.
    Rules(const daemon::Log& log, std::filesystem::path folder, HandOver hand_over)
        : log_{log}, folder_{std::move(folder)}, hand_over_{std::move(hand_over)}
    {
    }

    /// From now on notices changes. Errors: those of inotify and of the loop; then rules are handed over at attaching
    /// alone.
    [[nodiscard]] Result<void> watch(daemon::EventLoop& loop);
    /// A daemon that knows nothing of them is there.
    void send_to_new_daemon();
    /// There is none to hand them to.
    void lose_daemon() { has_daemon_ = false; }

private:
    void on_change();
    void send();
    void tell(const Result<bus::DaemonLink::RulesAnswer>& answer) const;

    const daemon::Log& log_;
    std::filesystem::path folder_;
    HandOver hand_over_;
    bool has_daemon_ = false;
    bool has_sent_ = false;  // rules that are to be taken back when there are none any more
    std::optional<daemon::FolderWatch> watch_;
    daemon::Source changes_;
    daemon::Timer delay_;
};

}  // namespace priorityd::session
