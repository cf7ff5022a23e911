// SPDX-License-Identifier: GPL-3.0-or-later
/// Work that may wait, for a disk or a server, on a thread of its own: the daemon's thread hands it over and goes on.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <utility>

#include "core/result.hpp"
#include "daemon/inheriting_mutex.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::daemon {

/// The thread starts with the first work, is an ordinary one however the caller is scheduled, and has all signals
/// blocked.
class DiskThread {
public:
    using Work = std::function<Result<void>()>;
    using Done = std::function<void(Result<void>)>;

    /// Errors: those of eventfd(2).
    [[nodiscard]] static Result<std::unique_ptr<DiskThread>> open();
    DiskThread(const DiskThread&) = delete;
    DiskThread& operator=(const DiskThread&) = delete;
    /// Waits until all work that was handed over has been done. A `done` that has not been called yet never is.
    ~DiskThread();

    /// Work is done in the order of handing over. Never waits. `done` gets what came of it, in dispatch(): EAGAIN when
    /// there can be no thread. What `work` owns is freed on the calling thread.
    void hand_over(Work work, Done done);

    /// Readable while dispatch() has something to tell.
    [[nodiscard]] int fd() const { return finished_signal_.get(); }
    /// Calls `done` of all that is finished, in order. A `done` may hand over more, but not destroy this.
    void dispatch();

private:
    struct Errand {
        Work work;
        Done done;
        Result<void> result;
    };
    using Errands = std::list<Errand>;  // spliced from list to list, so that the thread does not allocate for it

    DiskThread(kernel::UniqueFd waiting_signal, kernel::UniqueFd finished_signal)
        : waiting_signal_{std::move(waiting_signal)}, finished_signal_{std::move(finished_signal)}
    {
    }
    [[nodiscard]] Result<void> start();
    void run();
    void run_waiting();
    [[nodiscard]] Errands take_first_waiting();
    void finish(Errands errands);

    kernel::UniqueFd waiting_signal_;
    kernel::UniqueFd finished_signal_;
    InheritingMutex mutex_;  // for the next three
    Errands waiting_;
    Errands finished_;
    bool is_ending_ = false;
    std::thread thread_;
};

}  // namespace priorityd::daemon
