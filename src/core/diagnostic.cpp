// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/diagnostic.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace priorityd {

std::string Diagnostic::to_text() const
{
    std::string place = file;
    if (line != 0)
        place += fmt::format(":{}", line);
    if (line != 0 && column != 0)
        place += fmt::format(":{}", column);
    return fmt::format("{}: {}: {}", place, level == Level::error ? "error" : "warning", what);
}

bool has_errors(const Diagnostics& diagnostics)
{
    return std::ranges::any_of(diagnostics, [](const Diagnostic& d) { return d.level == Diagnostic::Level::error; });
}

void sort(Diagnostics& diagnostics)
{
    std::ranges::stable_sort(diagnostics, {}, [](const Diagnostic& d) { return std::tie(d.file, d.line, d.column); });
}

}  // namespace priorityd
