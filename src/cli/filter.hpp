// SPDX-License-Identifier: GPL-3.0-or-later
/// Runs another program that turns one text into another.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace priorityd::cli {

struct Filtered {
    std::string output;
    int wait_status = 0;  ///< As waitpid(2) tells it.
};

/// Waits until the program ends, which reads `input` as its standard input; its standard error is this one's.
/// `command`: the program's path, then its arguments; no shell and no PATH take part. Errors: those of posix_spawn(3),
/// among them ENOENT; of memfd_create(2), write(2), pipe(2).
[[nodiscard]] Result<Filtered> run_filter(std::vector<std::string> command, std::string_view input);

}  // namespace priorityd::cli
