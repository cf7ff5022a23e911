// SPDX-License-Identifier: GPL-3.0-or-later
/// What the service manager is told, where one listens. Source: sd_notify(3), systemd.service(5).
#pragma once

namespace priorityd::daemon {

/// All that already ran has been looked at, or the rules have been read again.
void tell_ready();
/// A reload begins; tell_ready() ends it. Type=notify-reload waits for both.
void tell_reloading();
/// The end begins: what was changed is put back now.
void tell_stopping();

}  // namespace priorityd::daemon
