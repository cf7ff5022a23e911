// SPDX-License-Identifier: GPL-3.0-or-later
/// Notices the end of single processes, by one pidfd for each.
#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include "core/ports.hpp"
#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {

/// The proc connector tells of the end of every thread, which costs the daemon 1 to 11 us for each fork of the machine;
/// a pidfd costs 3 us once, for tracked processes alone, and fires only when the last thread has ended.
/// Source: pidfd_open(2), "Use cases".
class PidfdExitWatch final : public ExitWatch {
public:
    /// Raises the soft limit of descriptors to the hard one, because every tracked process needs one.
    /// Errors: those of epoll_create1(2).
    [[nodiscard]] static Result<PidfdExitWatch> open();

    Result<void> watch(ProcessHandle& process) override;
    void unwatch(Pid pid) override { pidfds_.erase(pid); }

    /// For poll(2): readable when a watched process has ended. Still owned by this object.
    [[nodiscard]] int fd() const { return epoll_.get(); }
    /// The processes that have ended since the last call; they are watched no longer. Does not block.
    [[nodiscard]] std::vector<Pid> take_ended();

private:
    explicit PidfdExitWatch(UniqueFd epoll) : epoll_{std::move(epoll)} {}

    UniqueFd epoll_;
    std::unordered_map<Pid, UniqueFd> pidfds_;  // closing one takes it out of epoll_
};

}  // namespace priorityd::kernel
