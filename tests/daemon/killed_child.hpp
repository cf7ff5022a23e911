// SPDX-License-Identifier: GPL-3.0-or-later
/// A child that works and tells after each step, until it is killed at some instant.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <random>
#include <stdexcept>

namespace priorityd::daemon {

/// Forks a child that calls `work` with a function by which it tells that one more step is done, kills it by SIGKILL at
/// a random instant after `enough` steps, and returns how many steps it has told. `work` must not end before.
template <typename Work>
int steps_before_kill(int enough, std::mt19937& random, Work work)
{
    int ends[2];
    if (::pipe(ends) != 0)
        throw std::runtime_error{"pipe"};
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        work([&] {
            if (::write(ends[1], "", 1) != 1)
                ::_exit(1);
        });
        ::_exit(1);
    }
    ::close(ends[1]);
    int steps = 0;
    std::array<char, 512> told;
    const auto read_more = [&] {
        const ssize_t size = ::read(ends[0], told.data(), told.size());
        steps += size > 0 ? static_cast<int>(size) : 0;
        return size > 0;
    };
    while (steps < enough && read_more()) {
    }
    // So that it is not always just after a step.
    for (auto calls = random() % 2000; calls > 0; --calls)
        (void)::getppid();
    ::kill(child, SIGKILL);
    while (read_more()) {
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return steps;
}

}  // namespace priorityd::daemon
