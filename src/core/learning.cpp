// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/learning.hpp"

#include "core/names.hpp"

namespace priorityd {

SuggestionView view_of(const Suggestion& suggestion)
{
    return {.id = std::to_string(suggestion.id),
            .name = std::string{base_name(suggestion.exe)},
            .exe = suggestion.exe,
            .program_class = suggestion.program_class,
            .engine = suggestion.engine,
            .confidence = suggestion.confidence,
            .seen = suggestion.seen,
            .starts = suggestion.starts,
            .agreeing = suggestion.agreeing,
            .because = suggestion.because};
}

}  // namespace priorityd
