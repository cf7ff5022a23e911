// SPDX-License-Identifier: GPL-3.0-or-later
/// A program as an engine outside is told of it: the engine's side of the question.
#pragma once

#include <string>
#include <vector>

#include "core/scoring/score.hpp"

namespace priorityd {

/// Keys of org.priorityd1.Engine. Empty where nothing is known, or nothing was said.
struct ToldProgram {
    std::string identity;  ///< Of the file: another text where it is another file or has changed.
    std::string name;
    std::string exe;
    std::string section;
    std::string description;
    std::vector<std::string> tags;
    std::vector<std::string> categories;
    std::string unit;
    std::vector<std::string> arguments;
    std::string behaviour;
    OfferedClasses classes;
    friend bool operator==(const ToldProgram&, const ToldProgram&) = default;
};

/// What answers an engine's questions. Never waits.
class Scorer {
public:
    virtual ~Scorer() = default;
    /// As many rows as programs, in order.
    [[nodiscard]] virtual ScoreAnswer score(const std::vector<ToldProgram>& programs) = 0;
    /// How it does, in a line for a person.
    [[nodiscard]] virtual std::string health() = 0;
};

}  // namespace priorityd
