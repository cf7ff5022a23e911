// SPDX-License-Identifier: GPL-3.0-or-later
/// Lines for whoever runs the daemon: to the journal where it listens, else to standard error.
#pragma once

#include <cstdint>
#include <string_view>

namespace priorityd::daemon {

class Log {
public:
    /// As in syslog(3), from which the numbers are.
    enum class Level : std::uint8_t { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

    explicit Log(Level most);

    [[nodiscard]] bool takes(Level level) const { return level <= most_; }
    /// `line` without a newline; text that comes from processes has been escaped before.
    void write(Level level, std::string_view line) const;

    void error(std::string_view line) const { write(Level::error, line); }
    void warning(std::string_view line) const { write(Level::warning, line); }
    void notice(std::string_view line) const { write(Level::notice, line); }
    void info(std::string_view line) const { write(Level::info, line); }

private:
    Level most_;
    bool is_journal_;
};

}  // namespace priorityd::daemon
