// SPDX-License-Identifier: GPL-3.0-or-later
/// Which CPUs "performance", "numa:0" and the like are on this machine.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/ports.hpp"

namespace priorityd::kernel {

/// Where the topology is read from; other than the machine itself for tests.
struct TopologySource {
    std::string synthetic;             ///< hwloc's short description, "numa:2 l3:2 core:2 pu:2"; empty: read `root`.
    std::filesystem::path root = "/";  ///< Its sys/ and proc/ are read; of a synthetic machine the isolated CPUs alone.
};

/// The sets by name, as own values. Isolated and offline CPUs are in none of them.
struct MachineCpus {
    CpuSet all;
    CpuSet performance;          ///< The fastest kind of CPU. On a machine with one kind, or of unknown speed: all.
    CpuSet efficiency;           ///< All other kinds. On such a machine: all.
    std::map<int, CpuSet> numa;  ///< By the kernel's number of the node; nodes without usable CPUs have an empty set.
    std::map<int, CpuSet> llc;   ///< By last-level cache (the outermost data cache of a CPU), numbered from 0.
};

/// Looks the machine up on first use, which takes milliseconds, and keeps the small result.
class Topology final : public CpuSets {
public:
    explicit Topology(TopologySource source = {}) : source_{std::move(source)} {}

    /// Errors: EINVAL with what this machine has instead; never an empty set.
    [[nodiscard]] Result<CpuSet> resolve(const CpuSetName& name) override;
    /// Everything at once. The pointer holds until drop(). Errors: what hwloc answered.
    [[nodiscard]] Result<const MachineCpus*> cpus();
    /// Forgets the result, so that the next use looks again: for CPUs that came or went.
    void drop() { cpus_.reset(); }

private:
    TopologySource source_;
    std::optional<MachineCpus> cpus_;
};

}  // namespace priorityd::kernel
