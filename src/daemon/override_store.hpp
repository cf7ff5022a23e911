// SPDX-License-Identifier: GPL-3.0-or-later
/// Permanent overrides on disk: a readable file each, ID.toml, in overrides.d below the state folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/override.hpp"
#include "core/result.hpp"
#include "daemon/disk_thread.hpp"
#include "daemon/durable_folder.hpp"

namespace priorityd::daemon {

class OverrideStore {
public:
    using Done = DiskThread::Done;

    struct Loaded {
        std::vector<Override> overrides;  ///< In the order of their ids as numbers.
        std::vector<std::string> notes;   ///< What was wrong, and where it has gone; a line each, safe to show.
    };

    /// Makes the folder; `state` must be there. Errors: those of mkdir(2), open(2) and eventfd(2).
    [[nodiscard]] static Result<OverrideStore> open(const std::filesystem::path& state);

    /// Reads all of them, and clears away what a crash has left; to be called before the first save. A file that cannot
    /// be read as the override that its name says is renamed to NAME.corrupt, and the others are read.
    [[nodiscard]] Loaded load();

    /// `done` is called in dispatch(), with success once the file is on disk and stays there. Errors: those of to_toml
    /// and of writing (ENOSPC, EROFS, EACCES …), EFBIG beyond 64 KiB; then there is no such file.
    void save(Override permanent, Done done);
    /// `done` is called in dispatch(), with success once the file is gone for good, or when there was none. Errors:
    /// EINVAL for what is no id; those of unlink(2) and fsync(2).
    void remove(const std::string& id, Done done);

    // Work is done one after the other, off the caller's thread; see DiskThread. The destructor finishes it.
    [[nodiscard]] int fd() const { return thread_->fd(); }
    void dispatch() { thread_->dispatch(); }

private:
    OverrideStore(DurableFolder folder, std::unique_ptr<DiskThread> thread)
        : folder_{std::make_shared<const DurableFolder>(std::move(folder))}, thread_{std::move(thread)}
    {
    }
    void load_file(const std::string& name, Loaded& into) const;
    /// `why` is safe to show.
    void set_aside(const std::string& name, const std::string& why, Loaded& into) const;

    std::shared_ptr<const DurableFolder> folder_;  // shared with the work that is under way
    std::unique_ptr<DiskThread> thread_;
};

}  // namespace priorityd::daemon
