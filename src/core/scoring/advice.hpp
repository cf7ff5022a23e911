// SPDX-License-Identifier: GPL-3.0-or-later
/// What a scoring engine says of a program. It counts below every rule, and only if the engine is sure enough.
#pragma once

#include <string>

namespace priorityd {

struct Advice {
    std::string program_class;
    double confidence = 0;  ///< 0..1: how much more speaks for the class than against it.
    std::string because;    ///< The evidence, for a person.
};

/// Advice of less confidence is shown, and not followed. Chosen with `priorityctl evaluate`, see docs/measurements.md:
/// lower, more programs are covered and more of them wrongly.
constexpr double kUsualThreshold = 0.4;

}  // namespace priorityd
