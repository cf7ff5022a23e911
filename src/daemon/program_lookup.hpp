// SPDX-License-Identifier: GPL-3.0-or-later
/// What scoring engines say of programs: remembered on the daemon's thread, found out on one that may wait for the
/// disk.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "core/scoring/adviser.hpp"
#include "core/scoring/program_cache.hpp"
#include "core/scoring/program_info.hpp"
#include "core/scoring/surroundings.hpp"
#include "daemon/disk_thread.hpp"
#include "kernel/desktop_entries.hpp"

namespace priorityd::daemon {

class ProgramLookup final : public Adviser {
public:
    /// Errors: those of eventfd(2).
    [[nodiscard]] static Result<std::unique_ptr<ProgramLookup>> open();
    ProgramLookup(const ProgramLookup&) = delete;
    ProgramLookup& operator=(const ProgramLookup&) = delete;
    /// Does not wait for what is being looked up.
    ~ProgramLookup() override { ending_.request_stop(); }

    [[nodiscard]] FactSet needs(const Snapshot& process) const override;
    void advise(const Snapshot& process, std::vector<Vote>& into) override;
    /// Has those looked up that are wanted, all at once. They are gathered for a second before, and a hundred times as
    /// long as the last look-up took, so that it costs a hundredth of a CPU whatever is started; for a minute at most.
    void run_due(Instant now) override;
    /// When run_due() wants to be called; empty when nothing is wanted.
    [[nodiscard]] std::optional<Instant> deadline(Instant now) override;
    [[nodiscard]] const ProgramCache& cache() const { return cache_; }
    /// From now on `known` is called with each program that has been looked up and what is known of it; null where it
    /// could not be looked up.
    void tell(std::function<void(const ProgramFile&, const ProgramInfo*)> known) { known_ = std::move(known); }
    /// Has it looked up, even if it has been before. False when too many are wanted already.
    [[nodiscard]] bool want(const ProgramFile& program) { return cache_.want(program); }
    /// How long the last look-up took; zero before the first.
    [[nodiscard]] std::chrono::microseconds latency() const { return latency_; }

    /// How many files of packages and desktops were refused since start, wholly or in part; each counts once, and a
    /// thousand at most.
    [[nodiscard]] std::uint64_t refused() const { return refused_.size(); }

    /// Readable when take_news() has something.
    [[nodiscard]] int fd() const { return thread_->fd(); }
    /// The services that timers start, where they have been read again: with each look-up, since who installs programs
    /// installs timers too.
    [[nodiscard]] std::optional<TimedServices> take_timed() { return std::exchange(timed_, std::nullopt); }
    /// Who has asked for programs that have been looked up since.
    [[nodiscard]] std::vector<Pid> take_news(Instant now) override;

private:
    explicit ProgramLookup(std::unique_ptr<DiskThread> thread) : thread_{std::move(thread)} {}

    struct Errand;
    void finish(Errand& errand, bool is_done);

    std::function<void(const ProgramFile&, const ProgramInfo*)> known_;
    ProgramCache cache_;
    std::optional<Instant> due_;
    bool is_looking_ = false;
    std::chrono::microseconds latency_{};
    Instant not_before_{};
    std::vector<Pid> answered_;
    kernel::Refused refused_;
    std::optional<TimedServices> timed_;
    std::stop_source ending_;
    std::unique_ptr<DiskThread> thread_;  // last: its work ends before what it writes to
};

}  // namespace priorityd::daemon
