// SPDX-License-Identifier: GPL-3.0-or-later
/// The adviser that goes by where a process runs. It knows all it needs from the process's facts, and remembers which
/// services are timers' alone.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/scoring/adviser.hpp"
#include "core/scoring/surroundings.hpp"

namespace priorityd::daemon {

class SurroundingsAdviser final : public Adviser {
public:
    /// Reads the files of timers, a millisecond's work: for the start.
    SurroundingsAdviser();

    [[nodiscard]] FactSet needs(const Snapshot& process) const override;
    void advise(const Snapshot& process, std::vector<Vote>& into) override;
    [[nodiscard]] std::optional<Instant> deadline(Instant /*now*/) override { return std::nullopt; }
    void run_due(Instant /*now*/) override {}
    [[nodiscard]] std::vector<Pid> take_news(Instant /*now*/) override { return {}; }

    /// From now on these are the services that timers start.
    void set_timed(TimedServices timed) { timed_ = std::move(timed); }
    /// Since start: processes that it was asked about, and of how many it had something to say.
    [[nodiscard]] std::uint64_t calls() const { return calls_; }
    [[nodiscard]] std::uint64_t votes() const { return votes_; }

private:
    TimedServices timed_;
    std::uint64_t calls_ = 0;
    std::uint64_t votes_ = 0;
};

}  // namespace priorityd::daemon
