// SPDX-License-Identifier: GPL-3.0-or-later
/// What an engine outside is asked and answers, and which of its answers count.
#pragma once

#include <chrono>
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

/// What of the process for which an engine is asked it is told, beside the program. All of it is redacted: see
/// redaction.hpp. Empty where there is nothing, or it is not to be told.
struct Circumstances {
    std::string unit;
    std::vector<std::string> arguments;
    std::string behaviour;  ///< "batch in 12 of 13 starts": what the program has turned out to be.
};

/// A program as an engine is told of it.
struct DescribedProgram {
    FileId id;
    std::string name;
    std::string exe;  ///< Redacted.
    ProgramInfo info;
    Circumstances circumstances;
};

/// A class that an engine may answer with.
struct OfferedClass {
    std::string name;
    std::string meaning;  ///< Its description, for a person or a model that reads; may be empty.
    friend bool operator==(const OfferedClass&, const OfferedClass&) = default;
};
using OfferedClasses = std::vector<OfferedClass>;

struct ScoreQuestion {
    std::vector<DescribedProgram> programs;
    OfferedClasses classes;
};

/// A row of the answer as it came: nothing in it has been looked at.
struct ScoreRow {
    std::optional<std::string> program_class;
    std::optional<double> confidence;
    std::string reason;
    std::optional<double> retry_after;  ///< Seconds until it may know.
    bool is_malformed = false;          ///< One of the keys has a value of another type.
};
using ScoreAnswer = std::vector<ScoreRow>;

/// A sentence for a person, and no more of it than a line of `explain` can hold.
constexpr std::size_t kLongestReason = 512;

/// How long an engine may put a program off.
constexpr std::chrono::seconds kShortestRetry{1};
constexpr std::chrono::seconds kLongestRetry = std::chrono::hours{1};

/// After how long the engine wants to be asked again, brought inside the bounds above, because it does not know yet.
/// Empty where the row says something, or is broken: that is what judged() tells.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_of(const ScoreRow& row);

/// What the row says; empty where the engine has no opinion: it says nothing, or is not sure at all.
/// Errors: EBADMSG with what is wrong with it. Nothing in it is corrected.
[[nodiscard]] Result<std::optional<Advice>> judged(const ScoreRow& row, const OfferedClasses& classes);

/// The classes that an engine outside may give: all but those with a real-time policy.
[[nodiscard]] OfferedClasses classes_for_engines(const Policy& policy);

}  // namespace priorityd
