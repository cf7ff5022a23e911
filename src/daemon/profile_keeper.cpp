// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/profile_keeper.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include <fmt/format.h>

#include "core/scoring/engines.hpp"
#include "core/scoring/program_cache.hpp"
#include "core/text.hpp"
#include "daemon/clocks.hpp"
#include "daemon/spare_memory.hpp"
#include "kernel/file_id.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::daemon {
namespace {

/// Notes come in groups, as programs do.
constexpr auto kGathering = std::chrono::seconds{1};
/// A crash loses that much of what was learned, and a disk is woken that often at most.
constexpr auto kSaveInterval = std::chrono::minutes{1};
/// Where it could not be: nobody makes room on a disk sooner.
constexpr auto kRetryInterval = std::chrono::minutes{10};
/// More at a time are not learned from: something starts programs faster than anybody can look.
constexpr std::size_t kMostNotes = 256;
/// Programs of containers and sandboxes, mostly.
constexpr std::size_t kMostElsewhere = 1024;
/// Those that run when the daemon starts; loading takes milliseconds.
constexpr std::size_t kMostAsking = 1024;

/// As ProcessKey counts them. Source: proc(5), clock_gettime(2).
std::uint64_t ticks_since_boot()
{
    constexpr long kNanosecondsPerSecond = 1'000'000'000;
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    const auto per_second = ::sysconf(_SC_CLK_TCK);
    return static_cast<std::uint64_t>(now.tv_sec * per_second + now.tv_nsec / (kNanosecondsPerSecond / per_second));
}

/// All there is, as the first process sees it: a service has a view of its own, without homes.
class Machine {
public:
    /// Whether the path leads to the file.
    [[nodiscard]] bool has(const ProgramFile& program) const
    {
        if (!root_ || !program.exe.starts_with('/'))
            return kernel::file_id(AT_FDCWD, program.exe.c_str()) == program.id;
        return kernel::file_id(root_.get(), program.exe.c_str() + 1) == program.id;
    }

private:
    kernel::UniqueFd root_{::open("/proc/1/root", O_PATH | O_DIRECTORY | O_CLOEXEC)};
};

}  // namespace

Result<std::unique_ptr<ProfileKeeper>> ProfileKeeper::open(const std::optional<std::filesystem::path>& state,
                                                           const Log& log)
{
    auto thread = DiskThread::open();
    if (!thread)
        return tl::unexpected(thread.error());
    std::unique_ptr<ProfileKeeper> keeper{new ProfileKeeper{*std::move(thread), state, log}};
    keeper->load();
    return keeper;
}

ProfileKeeper::ProfileKeeper(std::unique_ptr<DiskThread> thread, const std::optional<std::filesystem::path>& state,
                             const Log& log)
    : log_{&log}, born_{ticks_since_boot()}, thread_{std::move(thread)}
{
    if (state)
        store_.emplace(*state);
}

ProfileKeeper::~ProfileKeeper()
{
    save();
}

void ProfileKeeper::load()
{
    if (!store_) {
        is_loaded_ = true;
        return;
    }
    const auto loaded = std::make_shared<ProfileStore::Loaded>();
    thread_->hand_over(
        [store = *store_, loaded]() -> Result<void> {
            *loaded = store.load();
            return {};
        },
        [this, loaded](const Result<void>& done) {
            if (!done)
                loaded->notes.push_back(done.error().message());
            take_over(std::move(*loaded));
        });
}

void ProfileKeeper::take_over(ProfileStore::Loaded&& loaded)
{
    is_loaded_ = true;
    for (const auto& note : loaded.notes)
        log_->warning(note);
    if (!profiles_.has_changes())  // else it was forgotten meanwhile
        profiles_.resume(std::move(loaded.kept), clocks().date);
    news_ = std::exchange(asking_, {});
    if (profiles_.size() > 0)
        give_back_spare_memory();
}

void ProfileKeeper::note(const ProgramFile& program, const Advice& advice)
{
    if (is_enabled_)
        add_note({.program = program, .vote = {std::string{kBehaviourEngine}, advice}});
}

void ProfileKeeper::hear(const ProgramFile& program, const Vote& vote, const ProcessKey& process)
{
    if (!is_enabled_ || !is_loaded_)
        return;
    if (!profiles_.has_heard(program, vote))
        return add_note({.program = program, .vote = vote, .start = process.start_ticks});
    if (process.start_ticks >= born_)
        profiles_.see(program.exe, vote.engine, process.start_ticks, clocks().date);
}

void ProfileKeeper::add_note(Note note)
{
    if (note.program.id != FileId{} && notes_.size() < kMostNotes && !elsewhere_.contains(note.program.id))
        notes_.push_back(std::move(note));
}

std::string ProfileKeeper::known_of(const ProgramFile& program) const
{
    const auto advice = is_enabled_ ? profiles_.advice_on(program, clocks().date) : std::nullopt;
    return advice ? advice->because : std::string{};
}

bool ProfileKeeper::reject(std::uint64_t id)
{
    wants_saving_now_ = true;
    return profiles_.reject(id);
}

void ProfileKeeper::accept(std::uint64_t id)
{
    wants_saving_now_ = true;
    profiles_.accept(id);
}

void ProfileKeeper::forget()
{
    wants_saving_now_ = true;
    notes_.clear();
    profiles_.forget();
}

/// The file is looked at only where something is known of its path.
FactSet ProfileKeeper::needs(const Snapshot& process) const
{
    const bool may_know = is_enabled_ && runs_own_file(process) && profiles_.knows(process.exe);
    return may_know ? FactSet{Fact::file_id} : FactSet{};
}

void ProfileKeeper::advise(const Snapshot& process, std::vector<Vote>& into)
{
    if (!is_enabled_ || !runs_own_file(process))
        return;
    ++asked_;
    if (!is_loaded_ && asking_.size() < kMostAsking)
        asking_.push_back(process.key.pid);
    if (!profiles_.knows(process.exe) || process.file_id == FileId{})
        return;
    if (auto advice = profiles_.advice_on({process.exe, process.file_id}, clocks().date)) {
        ++answered_;
        into.push_back({std::string{kProfilesEngine}, *std::move(advice)});
    }
}

std::optional<Instant> ProfileKeeper::deadline(Instant now)
{
    if (!is_loaded_)
        return std::nullopt;
    if (!notes_due_ && !notes_.empty())
        notes_due_ = now + kGathering;
    if (store_ && !is_saving_ && profiles_.has_changes()) {
        if (std::exchange(wants_saving_now_, false))
            save_due_ = now;
        else if (!save_due_)
            save_due_ = now + (is_failing_ ? kRetryInterval : kSaveInterval);
    }
    return earlier(notes_due_, save_due_);
}

void ProfileKeeper::run_due(Instant now)
{
    if (notes_due_ && *notes_due_ <= now) {
        notes_due_.reset();
        look_at_notes();
    }
    if (save_due_ && *save_due_ <= now) {
        save_due_.reset();
        save();
    }
}

void ProfileKeeper::look_at_notes()
{
    const auto notes = std::make_shared<std::vector<Note>>(std::exchange(notes_, {}));
    thread_->hand_over(
        [notes]() -> Result<void> {
            const Machine machine;
            for (Note& note : *notes)
                note.is_here = machine.has(note.program);
            return {};
        },
        [this, notes](const Result<void>& done) {
            if (!done)
                return;  // there is no thread to be had, and nothing is learned
            for (const Note& note : *notes)
                take(note);
        });
}

void ProfileKeeper::take(const Note& note)
{
    const auto today = clocks().date;
    if (!note.is_here)
        return remember_elsewhere(note.program.id);
    if (note.vote.engine == kBehaviourEngine)
        profiles_.note(note.program, note.vote.advice, today);
    else if (profiles_.has_heard(note.program, note.vote))
        profiles_.see(note.program.exe, note.vote.engine, note.start, today);
    else
        profiles_.hear(note.program, note.vote, note.start, today);
}

/// So that nobody looks again at each of its starts.
void ProfileKeeper::remember_elsewhere(const FileId& file)
{
    if (elsewhere_.size() >= kMostElsewhere)
        elsewhere_.clear();
    elsewhere_.insert(file);
}

void ProfileKeeper::save()
{
    if (!store_ || !is_loaded_ || !profiles_.has_changes())
        return;
    is_saving_ = true;
    const auto changes = std::make_shared<const ProfileRecords>(profiles_.take_changes());
    thread_->hand_over([store = *store_, changes] { return store.save(*changes); },
                       [this](const Result<void>& saved) { finish_saving(saved); });
}

/// A full disk is said once, until there is room again.
void ProfileKeeper::finish_saving(const Result<void>& saved)
{
    is_saving_ = false;
    if (!saved) {
        profiles_.keep_all_again();
        if (!std::exchange(is_failing_, true))
            log_->warning(
                fmt::format("what was learned of programs is not kept: {}", escaped(saved.error().message())));
    } else if (std::exchange(is_failing_, false)) {
        log_->notice("what was learned of programs is kept again");
    }
}

std::vector<Pid> ProfileKeeper::take_news(Instant /*now*/)
{
    thread_->dispatch();
    for (const Suggestion& suggestion : profiles_.take_new_suggestions()) {
        if (tell_)
            tell_(suggestion);
    }
    return std::exchange(news_, {});
}

}  // namespace priorityd::daemon
