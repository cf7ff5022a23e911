// SPDX-License-Identifier: GPL-3.0-or-later
/// priorityctl complete: what the shells ask at TAB. The completions of bash, zsh and fish are made from its answer
/// alone, so that none of them has a list of verbs, options or classes that could become old.
#pragma once

#include <string>
#include <vector>

#include "cli/output.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): its own spelling
class App;
}

namespace priorityd::cli {

/// `words`: those of the command line behind the program's name, up to the one under the cursor, which is the last and
/// may be empty. Prints what may stand there, as candidates.hpp has it. Never prints an error, never fails, and never
/// takes longer than two seconds: what has been found by then is the answer.
ExitStatus complete(const CLI::App& app, const std::vector<std::string>& words);

}  // namespace priorityd::cli
