// SPDX-License-Identifier: GPL-3.0-or-later
/// Running a part of a test in a process of its own, so that what it does to itself ends with it.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace priorityd::kernel {

/// Forks, and returns the text that `body` has returned in the child; "died" when the child has not come to its end.
template <typename Body>
std::string in_child(Body body)
{
    int pipe_fds[2];
    if (::pipe(pipe_fds) != 0)
        return "pipe failed";
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string text = body();
        const bool is_written = ::write(pipe_fds[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
        ::_exit(is_written ? 0 : 1);
    }
    ::close(pipe_fds[1]);
    std::string text;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::read(pipe_fds[0], buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(size));
    ::close(pipe_fds[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? text : "died";
}

/// Nobody's number on all distributions that the project knows.
constexpr unsigned kNobody = 65534;

/// In a child: gives up root for good, and with it every capability.
inline bool become_nobody()
{
    return ::setresgid(kNobody, kNobody, kNobody) == 0 && ::setresuid(kNobody, kNobody, kNobody) == 0;
}

}  // namespace priorityd::kernel
