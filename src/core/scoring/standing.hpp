// SPDX-License-Identifier: GPL-3.0-or-later
/// What has been decided about a process, as far as the guard has to know it.
#pragma once

namespace priorityd {

struct Standing {
    bool is_raised = false;      ///< Above the usual, or real-time.
    bool is_spoken_for = false;  ///< By a rule or a person, or by being who it is: the guard leaves it alone.
    bool is_decided = false;     ///< What it has, it has from priorityd.
    bool is_foreground = false;  ///< Belongs to the program with the focus.
};

}  // namespace priorityd
