// SPDX-License-Identifier: GPL-3.0-or-later
/// What survives the daemon: permanent overrides, the overlay that was chosen, and the originals of what it has
/// changed. Without a state folder the daemon works all the same, keeps nothing, and says so.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "core/override.hpp"
#include "core/ports.hpp"
#include "core/result.hpp"
#include "daemon/changed_units.hpp"
#include "daemon/chosen_overlay.hpp"
#include "daemon/log.hpp"
#include "daemon/originals_journal.hpp"
#include "daemon/override_store.hpp"
#include "daemon/state_lock.hpp"

namespace priorityd::daemon {

/// Whether what a dry run only pretends to change is kept off the journal: then only what people have said is kept.
enum class Keep : std::uint8_t { everything, wishes_alone };

class State final : private OverrideKeeper, private Originals {
public:
    /// Logs what was wrong with what it found. Errors: EWOULDBLOCK when another priorityd works in the folder.
    [[nodiscard]] static Result<State> open(const std::filesystem::path& folder, Keep keep, const Log& log);

    /// Null without a state folder.
    [[nodiscard]] ChosenOverlay* chosen_overlay() { return chosen_overlay_ ? &*chosen_overlay_ : nullptr; }

    // The ports to it; they move with this object, so it has to stay where it is once one is used.
    [[nodiscard]] OverrideKeeper& keeper() { return *this; }
    [[nodiscard]] Originals& originals() { return *this; }

    /// Where what is only good to have may be kept too; empty where nothing is to be, or there is no folder.
    [[nodiscard]] const std::optional<std::filesystem::path>& folder() const { return folder_; }

    /// What was found, once.
    [[nodiscard]] std::vector<Override> take_overrides() { return std::move(overrides_); }
    [[nodiscard]] AllOriginals take_originals() { return std::move(originals_); }
    [[nodiscard]] std::vector<Unit> take_units() { return units_ ? units_->take_left() : std::vector<Unit>{}; }

    /// Whether the journal has grown enough to be written anew: keep() with what is changed now. Waits for no disk, but
    /// is nothing for the exec path.
    [[nodiscard]] bool wants_originals() const { return journal_ && journal_->wants_compaction(); }
    void keep(const AllOriginals& changed);
    /// The daemon stops, and leaves this changed.
    void close(const AllOriginals& changed);

    // Units that have a weight from priorityd; told before it is set, and when it has been taken back.
    void note_unit(const Unit& unit);
    void forget_unit(const Unit& unit);

    /// Readable when work on the disk is done; -1 when there is no state folder. Then finish() tells whoever waits.
    [[nodiscard]] int fd() const { return store_ ? store_->fd() : -1; }
    void finish() { store_->dispatch(); }

private:
    explicit State(const Log& log) : log_{&log} {}
    void open_parts(const std::filesystem::path& folder, Keep keep);

    void save(const Override& one, OverrideKeeper::Done done) override;
    void remove(const std::string& id, OverrideKeeper::Done done) override;
    void about_to_write(const Original& original) override;
    void about_to_write(const SessionOriginal& original) override;

    const Log* log_;
    std::optional<StateLock> lock_;
    std::optional<std::filesystem::path> folder_;
    std::optional<OverrideStore> store_;
    std::optional<ChosenOverlay> chosen_overlay_;
    std::optional<OriginalsJournal> journal_;
    std::optional<ChangedUnits> units_;
    std::vector<Override> overrides_;
    AllOriginals originals_;
};

}  // namespace priorityd::daemon
