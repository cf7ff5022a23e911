// SPDX-License-Identifier: GPL-3.0-or-later
/// What scoring engines say of programs: remembered on the daemon's thread, found out on one that may wait for the
/// disk.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/scoring/program_cache.hpp"
#include "daemon/disk_thread.hpp"

namespace priorityd::daemon {

class ProgramLookup final : public ProgramLibrary {
public:
    /// Errors: those of eventfd(2).
    [[nodiscard]] static Result<std::unique_ptr<ProgramLookup>> open();
    ProgramLookup(const ProgramLookup&) = delete;
    ProgramLookup& operator=(const ProgramLookup&) = delete;
    /// Does not wait for what is being looked up.
    ~ProgramLookup() override { ending_.request_stop(); }

    [[nodiscard]] const std::vector<Vote>* find(const ProgramFile& program, Pid asking) override;
    /// Has those looked up that are wanted, all at once. They are gathered for a second before, and a hundred times as
    /// long as the last look-up took, so that it costs a hundredth of a CPU whatever is started; for a minute at most.
    void run_due(Instant now);
    /// When run_due() wants to be called; empty when nothing is wanted.
    [[nodiscard]] std::optional<Instant> deadline(Instant now);
    [[nodiscard]] const ProgramCache& cache() const { return cache_; }
    /// How long the last look-up took; zero before the first.
    [[nodiscard]] std::chrono::microseconds latency() const { return latency_; }

    /// Readable when take_answered() has something.
    [[nodiscard]] int fd() const { return thread_->fd(); }
    /// Who has asked for programs that have been looked up since.
    [[nodiscard]] std::vector<Pid> take_answered(Instant now);

private:
    explicit ProgramLookup(std::unique_ptr<DiskThread> thread) : thread_{std::move(thread)} {}

    void finish(const ProgramFile& program, std::vector<Vote>* votes);

    ProgramCache cache_;
    std::optional<Instant> due_;
    bool is_looking_ = false;
    std::chrono::microseconds latency_{};
    Instant not_before_{};
    std::vector<Pid> answered_;
    std::stop_source ending_;
    std::unique_ptr<DiskThread> thread_;  // last: its work ends before what it writes to
};

}  // namespace priorityd::daemon
