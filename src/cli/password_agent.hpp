// SPDX-License-Identifier: GPL-3.0-or-later
/// Somebody who asks for a password when polkit wants one and no desktop is there to do it.
#pragma once

#include <sys/types.h>

#include "cli/verbs.hpp"

namespace priorityd::cli {

/// pkttyagent(1), for as long as this lives. Not started for root, who is not asked; without a terminal; and on other
/// buses than the system bus, where there is no polkit. It leaves the asking to the agent of the desktop if there is
/// one. When it cannot be started, nobody asks, and polkit says no.
class PasswordAgent {
public:
    /// Returns once the agent is ready.
    explicit PasswordAgent(const Context& context);
    PasswordAgent(const PasswordAgent&) = delete;
    PasswordAgent& operator=(const PasswordAgent&) = delete;
    ~PasswordAgent();

private:
    pid_t agent_ = 0;  // 0: none
};

}  // namespace priorityd::cli
