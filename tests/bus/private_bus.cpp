// SPDX-License-Identifier: GPL-3.0-or-later
#include "private_bus.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include <fmt/format.h>

namespace priorityd::test {
namespace {

constexpr std::string_view kConfiguration =
    R"(<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={}/socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
  {}
</busconfig>
)";

struct Child {
    pid_t pid = 0;
    int output = -1;  ///< What the child writes to its standard output.
};

/// `prepare` runs in the child, which the kernel ends together with the test.
Child start(const std::vector<std::string>& command, const std::function<bool()>& prepare)
{
    int pipe_fds[2];
    if (::pipe2(pipe_fds, O_CLOEXEC) != 0)
        throw std::runtime_error{"pipe2"};
    std::vector<char*> arguments;
    for (const std::string& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(pipe_fds[1], STDOUT_FILENO);
        if (prepare() && ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
            ::execvp(arguments.front(), arguments.data());
        ::_exit(127);
    }
    ::close(pipe_fds[1]);
    return {pid, pipe_fds[0]};
}

std::string read_to_end(int fd)
{
    std::string text;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::read(fd, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(size));
    return text;
}

/// False when the text ends before its first line does.
bool reads_line(int fd)
{
    char byte = 0;
    while (byte != '\n') {
        if (::read(fd, &byte, 1) != 1)
            return false;
    }
    return true;
}

int wait_for(pid_t pid)
{
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string make_folder()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "priorityd-bus-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
        throw std::runtime_error{"mkdtemp(" + pattern + ")"};
    ::chmod(pattern.c_str(), 0755);  // other users are to reach the socket
    return pattern;
}

}  // namespace

PrivateBus::PrivateBus(const std::string& limits) : folder_{make_folder()}
{
    std::ofstream{folder_ + "/bus.conf"} << fmt::format(kConfiguration, folder_, limits);
    const std::string log = folder_ + "/log";
    const Child child =
        start({"dbus-daemon", "--nofork", "--print-address=1", "--config-file=" + folder_ + "/bus.conf"},
              [&log] { return std::freopen(log.c_str(), "w", stderr) != nullptr; });
    daemon_ = child.pid;
    // It prints its address once it listens; end of file means that it did not come that far.
    const bool is_listening = reads_line(child.output);
    ::close(child.output);
    address_ = "unix:path=" + folder_ + "/socket";
    if (!is_listening) {
        end();
        std::stringstream said;
        said << std::ifstream{log}.rdbuf();
        std::filesystem::remove_all(folder_);
        throw std::runtime_error{"dbus-daemon does not start: " + said.str()};
    }
}

PrivateBus::~PrivateBus()
{
    end();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void PrivateBus::end()
{
    if (daemon_ == 0)
        return;
    ::kill(daemon_, SIGTERM);
    wait_for(daemon_);
    daemon_ = 0;
}

CommandResult run_command(const std::vector<std::string>& command, As user)
{
    constexpr uid_t kNobody = 65534;
    const Child child = start(command, [user] {
        ::dup2(STDOUT_FILENO, STDERR_FILENO);
        return user == As::self ||
               (::setresgid(kNobody, kNobody, kNobody) == 0 && ::setresuid(kNobody, kNobody, kNobody) == 0);
    });
    CommandResult result;
    result.output = read_to_end(child.output);
    ::close(child.output);
    result.status = wait_for(child.pid);
    return result;
}

}  // namespace priorityd::test
