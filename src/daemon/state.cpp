// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/state.hpp"

#include <utility>

#include <fmt/format.h>

namespace priorityd::daemon {

Result<State> State::open(const std::filesystem::path& folder, Keep keep, const Log& log)
{
    State state{log};
    auto lock = StateLock::take(folder);
    if (!lock && lock.error().code == EWOULDBLOCK)
        return failure(0, fmt::format("another priorityd is running in {}", folder.string()));
    if (!lock) {
        log.warning(fmt::format("no state is kept: {}", lock.error().message()));
        return state;
    }
    state.lock_ = *std::move(lock);
    state.open_parts(folder, keep);
    return state;
}

void State::open_parts(const std::filesystem::path& folder, Keep keep)
{
    if (auto store = OverrideStore::open(folder)) {
        store_ = *std::move(store);
        auto [overrides, notes] = store_->load();
        overrides_ = std::move(overrides);
        for (const auto& note : notes)
            log_->warning(note);
    } else {
        log_->warning(fmt::format("permanent overrides cannot be kept: {}", store.error().message()));
    }
    if (auto chosen = ChosenOverlay::open(folder))
        chosen_overlay_ = *std::move(chosen);
    else
        log_->warning(fmt::format("which profile is chosen cannot be kept: {}", chosen.error().message()));
    if (keep == Keep::wishes_alone)
        return;
    folder_ = folder;
    if (auto journal = OriginalsJournal::open(folder)) {
        journal_ = *std::move(journal);
        originals_ = journal_->take_recovered();
        for (const auto& note : journal_->notes())
            log_->warning(note);
    } else {
        log_->warning(fmt::format("after a crash nothing will be put back: {}", journal.error().message()));
    }
    if (auto units = ChangedUnits::open(folder))
        units_ = *std::move(units);
    else
        log_->warning(fmt::format("after a crash weights will stay: {}", units.error().message()));
}

void State::note_unit(const Unit& unit)
{
    const auto noted = units_ ? units_->add(unit) : Result<void>{};
    if (!noted)
        log_->warning(fmt::format("after a crash {} will keep its weight: {}", unit.name, noted.error().message()));
}

void State::forget_unit(const Unit& unit)
{
    const auto forgotten = units_ ? units_->remove(unit) : Result<void>{};
    if (!forgotten)
        log_->warning(fmt::format("{} stays on the list of changed units: {}", unit.name, forgotten.error().message()));
}

void State::keep(const AllOriginals& changed)
{
    if (!journal_)
        return;
    if (auto kept = journal_->compact(changed); !kept)
        log_->warning(fmt::format("after a crash not all will be put back: {}", kept.error().message()));
}

void State::close(const AllOriginals& changed)
{
    if (journal_ && changed.empty())
        journal_->clear();
    else
        keep(changed);
}

void State::save(const Override& one, OverrideKeeper::Done done)
{
    if (store_)
        store_->save(one, std::move(done));
    else
        done(failure(ENOENT, "there is no state folder"));
}

void State::remove(const std::string& id, OverrideKeeper::Done done)
{
    if (store_)
        store_->remove(id, std::move(done));
    else
        done({});
}

void State::about_to_write(const Original& original)
{
    if (journal_)
        journal_->about_to_write(original);
}

void State::about_to_write(const SessionOriginal& original)
{
    if (journal_)
        journal_->about_to_write(original);
}

}  // namespace priorityd::daemon
