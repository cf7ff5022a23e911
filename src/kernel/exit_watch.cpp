// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/exit_watch.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>

#include <fmt/format.h>

namespace priorityd::kernel {
namespace {

void raise_descriptor_limit()
{
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);  // when refused, watch() says EMFILE in its time
}

/// glibc has a wrapper from 2.36 on, Debian 12's headers hide it from C++. The descriptor is close-on-exec by itself.
int pidfd_open(Pid pid)
{
    return static_cast<int>(syscall(SYS_pidfd_open, raw(pid), 0));
}

}  // namespace

Result<PidfdExitWatch> PidfdExitWatch::open()
{
    raise_descriptor_limit();
    UniqueFd epoll{epoll_create1(EPOLL_CLOEXEC)};
    if (!epoll)
        return failure(errno, "epoll_create1");
    return PidfdExitWatch{std::move(epoll)};
}

Result<void> PidfdExitWatch::watch(ProcessHandle& process)
{
    const Pid pid = process.pid();
    UniqueFd pidfd{pidfd_open(pid)};
    if (!pidfd)
        return failure(errno, fmt::format("pidfd_open({})", raw(pid)));
    if (!process.is_alive())  // else the pid could by now be somebody else's
        return failure(ESRCH, fmt::format("pidfd_open({})", raw(pid)));
    epoll_event event{.events = EPOLLIN, .data = {.u32 = static_cast<std::uint32_t>(raw(pid))}};
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, pidfd.get(), &event) != 0)
        return failure(errno, fmt::format("epoll_ctl(pidfd of {})", raw(pid)));
    pidfds_[pid] = std::move(pidfd);
    return {};
}

std::vector<Pid> PidfdExitWatch::take_ended()
{
    std::vector<Pid> ended;
    std::array<epoll_event, 64> events;
    int count = 0;
    while ((count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0)) > 0) {
        for (const auto& event : std::span{events}.first(static_cast<std::size_t>(count))) {
            const Pid pid{static_cast<std::int32_t>(event.data.u32)};
            ended.push_back(pid);
            pidfds_.erase(pid);
        }
    }
    return ended;
}

}  // namespace priorityd::kernel
