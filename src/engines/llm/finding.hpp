// SPDX-License-Identifier: GPL-3.0-or-later
/// What a model has said of a program, with the question that it answers.
#pragma once

#include <optional>
#include <string>

#include "core/scoring/advice.hpp"

namespace priorityd::llm {

/// An answer counts for the same question alone: another file, other facts of it, other classes, another model or
/// another prompt make another key.
using Key = std::string;

/// What is known of a program from now on.
struct Finding {
    Key key;
    std::optional<Advice> advice;  ///< Empty: the model has no idea.
};

}  // namespace priorityd::llm
