// SPDX-License-Identifier: GPL-3.0-or-later
/// The machine as placement sees it: its CPUs, and what they share. A small value; who reads it from the system is
/// kernel/topology.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/units.hpp"

namespace priorityd {

/// Offline and isolated CPUs are in no set but their own, and offline ones in `possible`.
struct Machine {
    /// A NUMA node.
    struct Node {
        CpuSet cpus;                 ///< Empty for one that has memory alone.
        std::uint64_t bytes = 0;     ///< Its memory; 0 where that is not told.
        std::vector<int> distances;  ///< To each node in the order of their numbers; empty where that is not told.
    };
    /// A last-level cache: the outermost data cache of its CPUs.
    struct Cache {
        CpuSet cpus;
        std::uint64_t bytes = 0;  ///< 0 where that is not told. Those of one machine may differ, as on AMD X3D.
        int speed = 0;            ///< The highest of its CPUs, by ACPI CPPC; 0 where that is not told.
        int level = 0;            ///< 3 for an L3.
    };
    /// A device that draws or computes.
    struct Gpu {
        std::string address;    ///< On the PCI bus: "0000:65:00.0".
        CpuSet cpus;            ///< Those near it; all where it is as far from each, or that is not told.
        bool computes = false;  ///< Made for computing: beside those, others are mostly displays of the management.
    };

    int packages = 0;
    int dies = 0;   ///< 0 where they are not told, which mostly means one in each package.
    int cores = 0;  ///< Of usable CPUs.
    int l3 = 0;     ///< Caches of that level, whether they are the last or not.
    CpuSet all;
    CpuSet possible;     ///< `all`, and what may come online: where a process may be that nobody has confined.
    CpuSet performance;  ///< The fastest kind of CPU. On a machine with one kind, or of unknown speed: all.
    CpuSet efficiency;   ///< All other kinds. On such a machine: all.
    CpuSet isolated;     ///< Taken out of scheduling (isolcpus=): processes belong there only by explicit number.
    CpuSet offline;
    std::map<int, Node> numa;  ///< By the kernel's number of the node.
    std::map<int, Cache> llc;  ///< Numbered from 0; neighbours have neighbouring numbers.
    std::vector<Gpu> gpus;     ///< By address.

    /// Those in `all` and the isolated ones.
    [[nodiscard]] CpuSet online() const { return all.joined(isolated).minus(offline); }
};

/// The set of that name. Errors: EINVAL with what this machine has instead ("numa:3: nodes here: 0-1"), and for
/// "llc:auto" and "numa:auto", which are different sets for different processes: see placement.hpp. Never an empty set.
[[nodiscard]] Result<CpuSet> find_set(const Machine& machine, const CpuSetName& name);

/// The GPUs that "gpu-local" means of a process of which nothing is known: those made for computing, else all.
[[nodiscard]] std::vector<Machine::Gpu> usual_gpus(const Machine& machine);

/// All sets that have a name here, the shortest names first where they say the same: "all", "performance",
/// "efficiency", "numa:0" and so on, "llc:0" and so on, "gpu-local" where there is a GPU. No empty ones.
[[nodiscard]] std::vector<std::pair<std::string, CpuSet>> named_sets(const Machine& machine);

}  // namespace priorityd
