// SPDX-License-Identifier: GPL-3.0-or-later
/// A child process to be looked at and changed, which ends with the test.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "core/ids.hpp"

namespace priorityd::test {

class Child {
public:
    /// Forks. The child runs `body`, which may start threads, tells that it is ready, and sleeps.
    template <typename Body>
    explicit Child(Body body)
    {
        int ready[2];
        if (::pipe2(ready, O_CLOEXEC) != 0)
            throw std::runtime_error{"pipe2"};
        pid_ = ::fork();
        if (pid_ == 0) {
            body();
            const bool is_told = ::write(ready[1], "", 1) == 1;
            while (is_told)
                ::pause();
            ::_exit(1);
        }
        ::close(ready[1]);
        char byte{};
        const bool is_ready = ::read(ready[0], &byte, 1) == 1;
        ::close(ready[0]);
        if (!is_ready)
            throw std::runtime_error{"the child has died"};
    }
    Child() : Child{[] {}} {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child()
    {
        kill();
        reap();
    }

    [[nodiscard]] Pid pid() const { return Pid{pid_}; }

    /// Leaves a zombie.
    void kill()
    {
        if (!is_killed_) {
            siginfo_t info{};
            ::kill(pid_, SIGKILL);
            ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
        }
        is_killed_ = true;
    }
    /// Afterwards nothing is left of it.
    void reap()
    {
        kill();
        if (!std::exchange(is_reaped_, true))
            ::waitpid(pid_, nullptr, 0);
    }

private:
    pid_t pid_ = -1;
    bool is_killed_ = false;
    bool is_reaped_ = false;
};

}  // namespace priorityd::test
