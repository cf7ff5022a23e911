// SPDX-License-Identifier: GPL-3.0-or-later
/// The end of single processes, on real ones.
#include "kernel/exit_watch.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <doctest/doctest.h>

#include "kernel/procfs.hpp"

using namespace priorityd;
using namespace priorityd::kernel;

namespace {

/// A child that sleeps until it is killed.
class Sleeper {
public:
    Sleeper() : pid_{::fork()}
    {
        if (pid_ == 0) {
            ::pause();
            ::_exit(0);
        }
    }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;
    ~Sleeper() { end(); }

    [[nodiscard]] Pid pid() const { return Pid{pid_}; }
    void end()
    {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        pid_ = 0;
    }

private:
    pid_t pid_;
};

bool is_readable(int fd, int milliseconds)
{
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&wait, 1, milliseconds) == 1;
}

}  // namespace

TEST_CASE("the end of a watched process is told once, that of others never")
{
    auto procfs = Procfs::open();
    auto watch = PidfdExitWatch::open();
    REQUIRE(watch);
    Sleeper watched;
    Sleeper other;
    const Pid pid = watched.pid();
    const auto handle = procfs->open(pid);
    REQUIRE(handle);
    CHECK(watch->watch(**handle));
    CHECK(watch->watch(**handle));  // again: instead of the first
    CHECK(watch->take_ended().empty());
    other.end();
    watched.end();
    CHECK(is_readable(watch->fd(), 10'000));
    CHECK(watch->take_ended() == std::vector{pid});
    CHECK(watch->take_ended().empty());
}

TEST_CASE("a process that is no longer watched is not told")
{
    auto procfs = Procfs::open();
    auto watch = PidfdExitWatch::open();
    Sleeper sleeper;
    const auto handle = procfs->open(sleeper.pid());
    REQUIRE(handle);
    REQUIRE(watch->watch(**handle));
    watch->unwatch(sleeper.pid());
    sleeper.end();
    CHECK(watch->take_ended().empty());
}

TEST_CASE("a process that has ended cannot be watched")
{
    auto procfs = Procfs::open();
    auto watch = PidfdExitWatch::open();
    Sleeper sleeper;
    const auto handle = procfs->open(sleeper.pid());
    REQUIRE(handle);
    sleeper.end();
    const auto watched = watch->watch(**handle);
    REQUIRE_FALSE(watched);
    CHECK(watched.error().is_vanished());
}
