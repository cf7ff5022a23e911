// SPDX-License-Identifier: GPL-3.0-or-later
/// A message bus of the test's own, and commands that talk to it as another user.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace priorityd::test {

/// A dbus-daemon on a socket in a temporary folder, on which every user may do everything. Ends with this object.
class PrivateBus {
public:
    /// `limits`: further elements of its configuration. Throws std::runtime_error when dbus-daemon does not start.
    explicit PrivateBus(const std::string& limits = {});
    ~PrivateBus();
    PrivateBus(const PrivateBus&) = delete;
    PrivateBus& operator=(const PrivateBus&) = delete;

    [[nodiscard]] const std::string& address() const { return address_; }
    /// Ends dbus-daemon now: every connection is lost.
    void end();

private:
    std::string folder_;
    std::string address_;
    pid_t daemon_ = 0;
};

struct CommandResult {
    int status = -1;     ///< Exit status; -1 when it did not end by itself.
    std::string output;  ///< Standard output and error together.
};

/// Runs the command and waits for it; as nobody when `user` says so, which needs root.
enum class As { self, nobody };
[[nodiscard]] CommandResult run_command(const std::vector<std::string>& command, As user = As::self);

}  // namespace priorityd::test
