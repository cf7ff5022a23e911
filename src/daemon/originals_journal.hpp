// SPDX-License-Identifier: GPL-3.0-or-later
/// What processes had before priorityd changed them, where the next priorityd finds it, should this one be killed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ports.hpp"
#include "core/result.hpp"
#include "daemon/durable_folder.hpp"
#include "daemon/mapped_log.hpp"

namespace priorityd::daemon {

/// The file "originals" of the state folder: a line for each write. The last one for a setting of a pid counts, unless
/// the daemon was killed before that write; the earlier ones tell what children that were forked meanwhile may have.
/// A start time in it is that of the process, or of a later moment of its life.
/// Nothing is ever forced to the disk: processes do not outlive a crash of the machine, and files do outlive one of the
/// daemon. A journal of another boot is dropped.
class OriginalsJournal final : public Originals {
public:
    /// Finds the journal of an earlier run, and begins a new one with what is still open in it. Where that cannot be
    /// written, the earlier one is read all the same, and notes() tell. Errors: those of mkdir(2) and open(2) for the
    /// folder, of reading the boot's id, and EMFILE and its like for the earlier journal.
    [[nodiscard]] static Result<OriginalsJournal> open(const std::filesystem::path& folder);

    /// What earlier runs have written, once: by pid and setting, and in that order of time, eight at most. It stays in
    /// the journal until it is left out of what is alive at a compaction.
    [[nodiscard]] AllOriginals take_recovered() { return std::exchange(recovered_, {}); }
    /// What was wrong, a line each, safe to show; grows.
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

    /// Takes about 0.1 us, and does not wait for a disk as long as compaction is not put off. A class is not kept. A
    /// journal that cannot be written any more is noted once, and tried again at the next compaction.
    void about_to_write(const Original& original) override;
    void about_to_write(const SessionOriginal& original) override;

    /// True when most of its lines are superseded, or its room runs out.
    [[nodiscard]] bool wants_compaction() const;
    /// Begins a new journal that has `live` alone: whatever is changed now. Takes milliseconds, not for the exec path.
    /// Errors: those of open(2), write(2), posix_fallocate(3) and rename(2); then the old one goes on.
    [[nodiscard]] Result<void> compact(const AllOriginals& live);

    /// All has been put back: removes the journal. Nothing is kept from then on.
    void clear();

private:
    OriginalsJournal(DurableFolder folder, std::string header) : folder_{std::move(folder)}, header_{std::move(header)}
    {
    }
    [[nodiscard]] Result<void> recover();
    void read_lines(std::string_view lines);
    void set_aside(std::string_view why);
    void note_broken(const Error& error);
    void put_line();
    [[nodiscard]] Result<MappedLog> begin(const AllOriginals& live);

    DurableFolder folder_;
    std::string header_;            // with the boot's id and a newline
    std::optional<MappedLog> log_;  // empty while it cannot be written
    std::string line_;              // kept, so that its memory is
    std::size_t lines_ = 0;         // the live ones at the last attempt at a compaction, and all since
    std::size_t live_ = 0;          // at that attempt
    AllOriginals recovered_;
    std::vector<std::string> notes_;
    bool is_cleared_ = false;
};

}  // namespace priorityd::daemon
