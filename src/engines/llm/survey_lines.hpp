// SPDX-License-Identifier: GPL-3.0-or-later
/// What goes in and out of "priorityd-llm --score": JSON, one object a line.
#pragma once

#include <chrono>
#include <istream>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/scoring/told_program.hpp"
#include "engines/llm/survey.hpp"

namespace priorityd::llm {

/// The first line has the classes with their meanings, `{"classes": {"game": "Played"}}`; each further one a program:
/// "name", and, where they are known, "exe", "section", "description", "tags" and "categories", the last two as lists.
/// Other keys are passed over, and so are empty lines. Errors: "line 3: …" without a code.
[[nodiscard]] Result<std::vector<ToldProgram>> read_programs(std::istream& in);

/// "class", "confidence" and "reason"; nothing where the model has no idea; "error" where what it says does not count.
[[nodiscard]] std::string line_of(const Judgement& judgement);
/// The last line: what it took.
[[nodiscard]] std::string line_of(const Survey::Tally& tally, std::chrono::duration<double> took);

}  // namespace priorityd::llm
