// SPDX-License-Identifier: GPL-3.0-or-later
/// What is known of programs: remembered on the daemon's thread, looked up on one that may wait for the disk.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/scoring/program_cache.hpp"
#include "daemon/disk_thread.hpp"

namespace priorityd::daemon {

class ProgramLookup final : public ProgramLibrary {
public:
    /// Errors: those of eventfd(2).
    [[nodiscard]] static Result<std::unique_ptr<ProgramLookup>> open();

    [[nodiscard]] const ProgramInfo* find(const ProgramFile& program, Pid asking) override;
    /// Has those looked up that are wanted, all at once. They are gathered as long as a look-up is under way, and for a
    /// moment before it, as one costs the same for any number of programs.
    void run_due(Instant now);
    /// When run_due() wants to be called; empty when nothing is wanted.
    [[nodiscard]] std::optional<Instant> deadline(Instant now);
    /// What is known may have changed.
    void forget() { cache_.forget(); }

    /// Readable when take_answered() has something.
    [[nodiscard]] int fd() const { return thread_->fd(); }
    /// Who has asked for programs that have been looked up since.
    [[nodiscard]] std::vector<Pid> take_answered();

private:
    explicit ProgramLookup(std::unique_ptr<DiskThread> thread) : thread_{std::move(thread)} {}

    ProgramCache cache_;
    std::optional<Instant> due_;
    bool is_looking_ = false;
    std::vector<Pid> answered_;
    std::unique_ptr<DiskThread> thread_;  // last: its work ends before what it writes to
};

}  // namespace priorityd::daemon
