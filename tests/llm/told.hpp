// SPDX-License-Identifier: GPL-3.0-or-later
/// Programs for the tests, as an engine is told of them.
#pragma once

#include <string>

#include "core/scoring/told_program.hpp"

namespace priorityd::test {

inline const OfferedClasses kClasses{{"batch", "A result, later"}, {"game", "Played"}};

inline ToldProgram told(const std::string& name)
{
    return {.identity = "1-2-3",
            .name = name,
            .exe = "/usr/bin/" + name,
            .section = "utils",
            .description = name + " does something",
            .tags = {"role::program"},
            .categories = {},
            .classes = kClasses};
}

}  // namespace priorityd::test
