// SPDX-License-Identifier: GPL-3.0-or-later
/// The processes that something was decided for, by pid.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "core/decision.hpp"
#include "core/ids.hpp"
#include "core/ledger.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

struct TrackedProcess {
    Snapshot process;
    Decision decision;
    Ledger ledger;
    bool is_watched = false;  ///< Its end will be told.
    /// Was seen in the midst of exec, when the arguments of the earlier program are gone and its own not there yet; its
    /// file and name may be those of either. The kernel tells of that exec afterwards. Source: begin_new_exec() in
    /// fs/exec.c, called by load_elf_binary().
    bool is_starting = false;
};

class ProcessTable {
public:
    /// The process, new or known. A record of an earlier process with the same pid is dropped.
    TrackedProcess& track(const ProcessKey& key)
    {
        auto& tracked = processes_[key.pid];
        if (tracked.process.key != key)
            tracked = TrackedProcess{};
        tracked.process.key = key;
        return tracked;
    }
    /// Null when nothing is decided for it.
    [[nodiscard]] TrackedProcess* find(Pid pid)
    {
        const auto found = processes_.find(pid);
        return found == processes_.end() ? nullptr : &found->second;
    }
    [[nodiscard]] const TrackedProcess* find(Pid pid) const
    {
        const auto found = processes_.find(pid);
        return found == processes_.end() ? nullptr : &found->second;
    }
    void erase(Pid pid) { processes_.erase(pid); }
    [[nodiscard]] std::size_t size() const { return processes_.size(); }
    [[nodiscard]] auto begin() const { return processes_.begin(); }
    [[nodiscard]] auto end() const { return processes_.end(); }
    [[nodiscard]] auto begin() { return processes_.begin(); }
    [[nodiscard]] auto end() { return processes_.end(); }

private:
    std::unordered_map<Pid, TrackedProcess> processes_;
};

}  // namespace priorityd
