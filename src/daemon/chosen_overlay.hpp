// SPDX-License-Identifier: GPL-3.0-or-later
/// Which overlay a person has chosen, on disk: one word in the file `profile` of the state folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "core/result.hpp"
#include "daemon/disk_thread.hpp"
#include "daemon/durable_folder.hpp"

namespace priorityd::daemon {

class ChosenOverlay {
public:
    using Done = DiskThread::Done;

    struct Loaded {
        std::string choice;  ///< As in OverlayWishes.
        std::string note;    ///< What was wrong, and where it has gone; empty, or a line that is safe to show.
    };

    /// `state` must be there. Errors: those of open(2) and eventfd(2).
    [[nodiscard]] static Result<ChosenOverlay> open(const std::filesystem::path& state);

    /// kAutomatic where there is no file. One that cannot be read as a choice is renamed to profile.corrupt.
    [[nodiscard]] Loaded load() const;
    /// `done` is called in dispatch(), with success once it is on disk. Errors: those of DurableFolder::write() and
    /// remove().
    void save(const std::string& choice, Done done);

    // Work is done one after the other, off the caller's thread; see DiskThread. The destructor finishes it.
    [[nodiscard]] int fd() const { return thread_->fd(); }
    void dispatch() { thread_->dispatch(); }

private:
    ChosenOverlay(DurableFolder folder, std::unique_ptr<DiskThread> thread)
        : folder_{std::make_shared<const DurableFolder>(std::move(folder))}, thread_{std::move(thread)}
    {
    }

    std::shared_ptr<const DurableFolder> folder_;  // shared with the work that is under way
    std::unique_ptr<DiskThread> thread_;
};

}  // namespace priorityd::daemon
