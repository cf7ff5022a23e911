// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/neighbours.hpp"

#include <algorithm>
#include <array>

namespace priorityd {
namespace {

constexpr std::string_view kSameWork = "does the same work: stop one of the two";

/// By comm. Sources: the programs' own manual pages and sources; for what the kubelet does,
/// kubernetes.io/docs/tasks/administer-cluster/cpu-management-policies.
constexpr std::array kNeighbours{
    Neighbour{"ananicy", "ananicy", kSameWork},
    Neighbour{"ananicy-cpp", "ananicy-cpp", kSameWork},
    Neighbour{"ananicy-rs", "ananicy-rs", kSameWork},
    Neighbour{"gamemoded", "GameMode", "renices the games that ask it: those values are left to it"},
    Neighbour{"intel_lpmd", "intel-lpmd",
              "confines programs to a few CPUs while little is to do: they get no chosen set of CPUs meanwhile"},
    Neighbour{"irqbalance", "irqbalance",
              "moves interrupts, not programs: IRQBALANCE_BANNED_CPULIST keeps them off a server's CPUs"},
    Neighbour{"kubelet", "kubelet", "gives some containers CPUs of their own: those stay where they are"},
    Neighbour{"rtkit-daemon", "RealtimeKit", "gives single threads real-time policies: those are left to it"},
    Neighbour{"scx_loader", "scx_loader",
              "loads other schedulers: what the one of the moment ignores stands beside the knobs"},
    Neighbour{"system76-schedu", "system76-scheduler", kSameWork},
    Neighbour{"tuned", "TuneD",
              "may set priorities and CPUs itself ([scheduler] of its profile): those are left to it"},
    Neighbour{"uresourced", "uresourced", "sets weights of users' slices: those are left to it"},
};

}  // namespace

const Neighbour* find_neighbour(std::string_view comm)
{
    const auto* found = std::ranges::find(kNeighbours, comm, &Neighbour::comm);
    return found == kNeighbours.end() ? nullptr : found;
}

}  // namespace priorityd
