// SPDX-License-Identifier: GPL-3.0-or-later
/// "priorityd-llm --score": asks the model about the programs on standard input, and prints what it says of them.
#pragma once

#include "daemon/log.hpp"
#include "engines/llm/settings.hpp"

namespace priorityd::llm {

/// Without catalogue, budget and bus. Waits for the model; ends when nobody reads standard output any more. Progress
/// goes to standard error where that is a terminal. The exit status: 0 when all is known; otherwise 1, and why has been
/// logged.
[[nodiscard]] int score(const Settings& settings, const daemon::Log& log);

}  // namespace priorityd::llm
