// SPDX-License-Identifier: GPL-3.0-or-later
/// Processes to be looked at again, each at its time. Empty means that the daemon need not wake.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/ids.hpp"

namespace priorityd {

class Timetable {
public:
    void add(Instant when, Pid pid) { due_.emplace(when, pid); }
    [[nodiscard]] std::optional<Instant> next() const
    {
        return due_.empty() ? std::nullopt : std::optional{due_.begin()->first};
    }
    /// Takes out all that are due at `now`.
    [[nodiscard]] std::vector<Pid> take_due(Instant now)
    {
        std::vector<Pid> pids;
        while (!due_.empty() && due_.begin()->first <= now)
            pids.push_back(due_.extract(due_.begin()).mapped());
        return pids;
    }

private:
    std::multimap<Instant, Pid> due_;
};

}  // namespace priorityd
