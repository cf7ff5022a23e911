// SPDX-License-Identifier: GPL-3.0-or-later
/// What a cgroup path says of a process under systemd and container engines. Source: systemd.slice(5),
/// CGROUP_INTERFACE.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "core/ids.hpp"

namespace priorityd {

/// "mysql.service" of "/system.slice/mysql.service"; the innermost unit; empty when there is none.
[[nodiscard]] std::string unit_of(std::string_view cgroup);
/// "system.slice": the innermost slice; "-.slice" for a unit below the root; empty when there is none.
[[nodiscard]] std::string slice_of(std::string_view cgroup);
/// "docker/ID", "podman/ID", "containerd/ID", "crio/ID", "lxc/NAME", "nspawn/NAME"; empty outside of containers.
[[nodiscard]] std::string container_of(std::string_view cgroup);

/// A unit that processes run in: the smallest group that systemd gives a weight to.
struct Unit {
    std::optional<Uid> user;  ///< Whose manager it belongs to; empty for the system's.
    std::string name;         ///< "mysql.service", as systemctl(1) prints it.
    std::string cgroup;       ///< Its own path, without what is below it.
    friend bool operator==(const Unit&, const Unit&) = default;
    friend std::strong_ordering operator<=>(const Unit&, const Unit&) = default;
};

/// The innermost unit. Empty outside of units, and for a manager itself: its weight is that of all that it manages.
[[nodiscard]] std::optional<Unit> leaf_unit_of(std::string_view cgroup);

/// "user-1000.slice" with its path, "/user.slice/user-1000.slice". `name` as is_slice_name() takes it.
[[nodiscard]] Unit slice_unit(std::string_view name);
/// Whether a slice below the root can have this name.
[[nodiscard]] bool is_slice_name(std::string_view name);
/// Whether a unit that processes run in can have this name: of a service, scope or socket.
[[nodiscard]] bool is_leaf_unit_name(std::string_view name);

}  // namespace priorityd
