// SPDX-License-Identifier: GPL-3.0-or-later
/// A program that runs beside the test, and that the kernel ends together with it.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "peers.hpp"

namespace priorityd::test {

class Program {
public:
    explicit Program(std::vector<std::string> command, As user = As::self)
    {
        std::vector<char*> arguments;
        for (auto& argument : command)
            arguments.push_back(argument.data());
        arguments.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ != 0)
            return;
        const bool is_user = user == As::self || (::setresgid(kNobody, kNobody, kNobody) == 0 &&
                                                  ::setresuid(kNobody, kNobody, kNobody) == 0);
        if (is_user && ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
            ::execv(arguments.front(), arguments.data());
        ::_exit(127);
    }
    ~Program() { end(SIGKILL); }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    void signal(int number) const { ::kill(pid_, number); }
    /// Waits for it. The exit status; -1 when a signal has ended it, or it had ended before.
    int end(int number)
    {
        if (pid_ == 0)
            return -1;
        signal(number);
        return wait();
    }
    int wait()
    {
        int status = 0;
        ::waitpid(std::exchange(pid_, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    /// Whether it has ended by itself by now.
    [[nodiscard]] bool has_ended() const
    {
        siginfo_t info{};
        return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
    }

private:
    pid_t pid_ = 0;
};

}  // namespace priorityd::test
