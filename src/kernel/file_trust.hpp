// SPDX-License-Identifier: GPL-3.0-or-later
/// Whether an ordinary user could have put a program where it is, or changed it: from owners, modes and groups.
#pragma once

#include <cstdint>

#include "core/ids.hpp"
#include "kernel/accounts.hpp"
#include "kernel/roots.hpp"

namespace priorityd::kernel {

/// Who may do what with a file or folder. Source: inode(7), acl(5).
struct Ownership {
    Uid owner{};
    Gid group{};
    std::uint32_t mode = 0;  ///< st_mode
    bool has_acl = false;    ///< Its group's rights are shared with users and groups of an access control list.
    friend bool operator==(const Ownership&, const Ownership&) = default;
};

/// Whether somebody but root may write to it: its owner, a member of its group, someone in its list, or everybody.
/// Root's own group has no ordinary members, one from 1000 on always has; `groups` is asked about those in between.
[[nodiscard]] bool is_open_to_users(const Ownership& file, const Groups& groups);

/// Whether somebody but root may put something else in the place of `entry`, which lies in `folder`: a sticky folder
/// keeps root's entries from all but its owner.
[[nodiscard]] bool is_replaceable_by_users(const Ownership& folder, const Ownership& entry, const Groups& groups);

/// Whether the program that a process runs could have been put there or changed by an ordinary user; true whenever that
/// cannot be ruled out, as for a file that has been deleted or may not be looked at. `task`: an open /proc/PID/task.
///
/// The path that the kernel gives for the program is followed, and has to lead to the same file: below the root of the
/// first process, or else below the process's own, if root has made its mount namespace. There a file that is a mount
/// of its own does not count, since it may go by any name. Nothing is looked at behind the first folder that is open to
/// users, so that no file system of theirs can keep the answer back. Costs 10 to 20 us.
[[nodiscard]] bool is_user_program(const RootFolders& roots, int task, const Groups& groups);

}  // namespace priorityd::kernel
