// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/log.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <fmt/format.h>
#include <systemd/sd-journal.h>

namespace priorityd::daemon {
namespace {

/// Whether standard error is the journal's own socket. Source: $JOURNAL_STREAM in systemd.exec(5).
bool stderr_is_journal()
{
    const char* stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): one thread
    struct stat status {};
    if (!stream || fstat(STDERR_FILENO, &status) != 0)
        return false;
    return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

}  // namespace

Log::Log(Level most) : most_{most}, is_journal_{stderr_is_journal()} {}

void Log::write(Level level, std::string_view line) const
{
    if (!takes(level))
        return;
    if (is_journal_) {
        sd_journal_send("MESSAGE=%.*s", static_cast<int>(line.size()), line.data(), "PRIORITY=%i",
                        static_cast<int>(level), nullptr);
        return;
    }
    const std::string text = fmt::format("{}\n", line);
    // One write, so that lines of two writers do not mix. Nothing can be done when nobody reads them.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace priorityd::daemon
