// SPDX-License-Identifier: GPL-3.0-or-later
/// What is wrong with a rule or settings file, where, and how to mend it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace priorityd {

struct Diagnostic {
    enum class Level : std::uint8_t {
        warning,  ///< The policy can be used; something in it has no effect.
        error,    ///< The policy is refused and the old one stays.
    };
    Level level = Level::error;
    std::string file;
    std::uint32_t line = 0;    ///< From 1; 0 when it is about the whole file.
    std::uint32_t column = 0;  ///< From 1; 0 when it is about the whole line or file.
    std::string what;          ///< One sentence with the remedy.

    /// "FILE:LINE:COLUMN: error: WHAT".
    [[nodiscard]] std::string to_text() const;
    friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

using Diagnostics = std::vector<Diagnostic>;

[[nodiscard]] bool has_errors(const Diagnostics& diagnostics);
/// In the order of file, line and column.
void sort(Diagnostics& diagnostics);

}  // namespace priorityd
