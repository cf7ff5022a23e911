// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/password_agent.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "kernel/unique_fd.hpp"

namespace priorityd::cli {
namespace {

/// It takes some 20 ms; a polkit that does not answer must not hold up what may need no password at all.
constexpr int kPatienceMs = 5000;

bool is_wanted(const Context& context)
{
    const auto address = bus::parse_address(context.bus);
    const bool has_polkit = address && address->kind == bus::Address::Kind::system;
    // Standard output may be kept by the shell: id=$(priorityctl set …).
    return has_polkit && ::geteuid() != 0 && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

/// In the child. Ends with its parent, however that ends.
[[noreturn]] void become_agent(const char* ready_fd, int ready, pid_t parent)
{
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() == parent && ::fcntl(ready, F_SETFD, 0) == 0)
        ::execlp("pkttyagent", "pkttyagent", "--notify-fd", ready_fd, "--fallback", nullptr);
    ::_exit(127);
}

/// The agent closes its end when it is ready, and so does the kernel when it has ended.
void wait_for_close(int fd)
{
    pollfd waited{.fd = fd, .events = 0, .revents = 0};
    while (::poll(&waited, 1, kPatienceMs) < 0 && errno == EINTR) {
    }
}

}  // namespace

PasswordAgent::PasswordAgent(const Context& context)
{
    std::array<int, 2> ends{};
    if (!is_wanted(context) || ::pipe2(ends.data(), O_CLOEXEC) != 0)
        return;
    const kernel::UniqueFd ours{ends[0]};
    kernel::UniqueFd theirs{ends[1]};
    const std::string ready_fd = std::to_string(theirs.get());
    const pid_t self = ::getpid();
    const pid_t child = ::fork();
    if (child == 0)
        become_agent(ready_fd.c_str(), theirs.get(), self);
    if (child < 0)
        return;
    agent_ = child;
    theirs.reset();
    wait_for_close(ours.get());
}

PasswordAgent::~PasswordAgent()
{
    if (agent_ == 0)
        return;
    ::kill(agent_, SIGTERM);
    ::kill(agent_, SIGCONT);  // it may have been stopped from the terminal
    while (::waitpid(agent_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace priorityd::cli
