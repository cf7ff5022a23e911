// SPDX-License-Identifier: GPL-3.0-or-later
/// What a cgroup path says of a process under systemd and container engines. Source: systemd.slice(5),
/// CGROUP_INTERFACE.
#pragma once

#include <string>
#include <string_view>

namespace priorityd {

/// "mysql.service" of "/system.slice/mysql.service"; the innermost unit; empty when there is none.
[[nodiscard]] std::string unit_of(std::string_view cgroup);
/// "system.slice": the innermost slice; "-.slice" for a unit below the root; empty when there is none.
[[nodiscard]] std::string slice_of(std::string_view cgroup);
/// "docker/ID", "podman/ID", "containerd/ID", "crio/ID", "lxc/NAME", "nspawn/NAME"; empty outside of containers.
[[nodiscard]] std::string container_of(std::string_view cgroup);

}  // namespace priorityd
