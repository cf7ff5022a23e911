// SPDX-License-Identifier: GPL-3.0-or-later
/// What was learned of programs, in the daemon: asked on its thread, kept by one that may wait for the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/inspection.hpp"
#include "core/scoring/adviser.hpp"
#include "core/scoring/profiles.hpp"
#include "daemon/disk_thread.hpp"
#include "daemon/log.hpp"
#include "daemon/profile_store.hpp"

namespace priorityd::daemon {

/// The engine "profiles".
class ProfileKeeper final : public Adviser {
public:
    /// `state`: the folder to keep it in; without one it is forgotten at the end. What was kept is loaded from now on.
    /// `log` outlives this. Errors: those of eventfd(2).
    [[nodiscard]] static Result<std::unique_ptr<ProfileKeeper>> open(const std::optional<std::filesystem::path>& state,
                                                                     const Log& log);
    ProfileKeeper(const ProfileKeeper&) = delete;
    ProfileKeeper& operator=(const ProfileKeeper&) = delete;
    /// Keeps what is not on the disk yet, and waits for that.
    ~ProfileKeeper() override;

    /// Whether anything is learned and said; what is known stays.
    void enable(bool is_enabled) { is_enabled_ = is_enabled; }
    /// One start of this program has turned out to be of this class; see Profiles::note. It counts a second later, if
    /// the path leads to that file for the first process too: in a mount namespace of their own anybody may have
    /// another program at it.
    void note(const ProgramFile& program, const Advice& advice);
    /// An engine outside says this of the program that the process runs; see Profiles::hear. It counts likewise; a
    /// process that was there before this daemon does not count as another start.
    void hear(const ProgramFile& program, const Vote& vote, const ProcessKey& process);
    /// It has no opinion of it.
    void retract(const ProgramFile& program, std::string_view engine) { profiles_.retract(program.exe, engine); }
    /// What the program has turned out to be, in words; empty where nothing is known.
    [[nodiscard]] std::string known_of(const ProgramFile& program) const;
    /// Called from take_news() with each new suggestion.
    void on_suggestion(std::function<void(const Suggestion&)> tell) { tell_ = std::move(tell); }

    [[nodiscard]] const Profiles& profiles() const { return profiles_; }
    /// See Profiles for these. They are kept as soon as the disk can.
    [[nodiscard]] bool reject(std::uint64_t id);
    void accept(std::uint64_t id);
    void forget();
    /// For work on what it has suggested; `done` is called from take_news().
    void hand_over(DiskThread::Work work, DiskThread::Done done)
    {
        thread_->hand_over(std::move(work), std::move(done));
    }

    [[nodiscard]] FactSet needs(const Snapshot& process) const override;
    void advise(const Snapshot& process, std::vector<Vote>& into) override;
    [[nodiscard]] std::optional<Instant> deadline(Instant now) override;
    void run_due(Instant now) override;
    /// Who has asked before all was loaded.
    [[nodiscard]] std::vector<Pid> take_news(Instant now) override;
    /// Readable when take_news() has something.
    [[nodiscard]] int fd() const { return thread_->fd(); }

    /// Its numbers since start.
    [[nodiscard]] std::uint64_t asked() const { return asked_; }
    [[nodiscard]] std::uint64_t answered() const { return answered_; }

private:
    /// One that is to be looked at before it counts.
    struct Note {
        ProgramFile program;
        Vote vote;
        std::uint64_t start = 0;  ///< Of the process, as in ProcessKey; for what an engine outside says.
        bool is_here = false;     ///< Whether the path leads to that file; found out later.
    };

    ProfileKeeper(std::unique_ptr<DiskThread> thread, const std::optional<std::filesystem::path>& state,
                  const Log& log);
    void load();
    void take_over(ProfileStore::Loaded&& loaded);
    void add_note(Note note);
    void look_at_notes();
    void take(const Note& note);
    void remember_elsewhere(const FileId& file);
    void save();
    void finish_saving(const Result<void>& saved);

    const Log* log_;
    std::optional<ProfileStore> store_;
    Profiles profiles_;
    bool is_enabled_ = true;
    bool is_loaded_ = false;
    bool is_failing_ = false;  // and it has been said
    std::vector<Note> notes_;
    std::set<FileId> elsewhere_;  // files to which their path does not lead
    std::uint64_t born_;          // when this daemon has started, as in ProcessKey
    std::vector<Pid> asking_;
    std::vector<Pid> news_;
    std::optional<Instant> notes_due_;
    std::optional<Instant> save_due_;
    bool wants_saving_now_ = false;
    bool is_saving_ = false;
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    std::function<void(const Suggestion&)> tell_;
    std::unique_ptr<DiskThread> thread_;  // last: its work ends before what it writes to
};

}  // namespace priorityd::daemon
