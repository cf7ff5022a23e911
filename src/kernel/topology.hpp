// SPDX-License-Identifier: GPL-3.0-or-later
/// What the machine is made of, read with hwloc and, where that lacks something, from /sys beside it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/machine.hpp"
#include "core/ports.hpp"

namespace priorityd::kernel {

/// Where the topology is read from; other than the machine itself for tests.
struct TopologySource {
    std::string synthetic;             ///< hwloc's short description, "numa:2 l3:2 core:2 pu:2"; empty: read `root`.
    std::filesystem::path root = "/";  ///< Its sys/ and proc/ are read; of a synthetic machine what hwloc lacks alone.
};

/// This machine, or the recorded one that the environment variable HWLOC_FSROOT names, as with hwloc's own tools.
[[nodiscard]] TopologySource usual_topology();

/// Looks the machine up on first use, which takes milliseconds, and keeps the small result until CPUs come or go.
class Topology final : public MachineSource {
public:
    /// Before there are threads: it keeps hwloc's plugins out by an environment variable.
    explicit Topology(TopologySource source = {});

    /// Errors: what hwloc answered.
    [[nodiscard]] Result<const Machine*> machine() override;
    [[nodiscard]] bool gathers_by_cache() override;

private:
    TopologySource source_;
    std::string online_;  // the kernel's list, as it was when the machine was looked up
    std::optional<Machine> machine_;
};

}  // namespace priorityd::kernel
