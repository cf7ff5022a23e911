// SPDX-License-Identifier: GPL-3.0-or-later
/// What a scoring engine says of a program. It counts below every rule, and only if the engines are sure enough.
#pragma once

#include <string>

namespace priorityd {

struct Advice {
    std::string program_class;
    double confidence = 0;  ///< 0..1: how much more speaks for the class than against it.
    std::string because;    ///< The evidence, for a person.
    friend bool operator==(const Advice&, const Advice&) = default;
};

/// The advice of one engine.
struct Vote {
    std::string engine;  ///< Its name.
    Advice advice;
    friend bool operator==(const Vote&, const Vote&) = default;
};

}  // namespace priorityd
