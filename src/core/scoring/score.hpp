// SPDX-License-Identifier: GPL-3.0-or-later
/// What an engine outside is asked and answers, and which of its answers count.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/scoring/advice.hpp"
#include "core/scoring/program_info.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

class Policy;

/// A program, and what the system knows of it.
struct DescribedProgram {
    ProgramFile file;
    ProgramInfo info;
};

struct ScoreQuestion {
    std::vector<DescribedProgram> programs;
    std::vector<std::string> classes;  ///< Those that it may answer with.
};

/// A row of the answer as it came: nothing in it has been looked at.
struct ScoreRow {
    std::optional<std::string> program_class;
    std::optional<double> confidence;
    std::string reason;
    bool is_malformed = false;  ///< One of the keys has a value of another type.
};
using ScoreAnswer = std::vector<ScoreRow>;

/// A sentence for a person, and no more of it than a line of `explain` can hold.
constexpr std::size_t kLongestReason = 512;

/// What the row says; empty where the engine has no opinion: it says nothing, or is not sure at all.
/// Errors: EBADMSG with what is wrong with it. Nothing in it is corrected.
[[nodiscard]] Result<std::optional<Advice>> judged(const ScoreRow& row, const std::vector<std::string>& classes);

/// The classes that an engine outside may give: all but those with a real-time policy.
[[nodiscard]] std::vector<std::string> classes_for_engines(const Policy& policy);

}  // namespace priorityd
