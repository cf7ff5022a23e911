// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ananicy/complaints.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace priorityd::ananicy {

Complaints::Complaints(const std::vector<SourceFile>& files, Diagnostics& diagnostics) : diagnostics_{&diagnostics}
{
    for (const auto& file : files)
        path_of_.emplace(file.number, file.path);
}

std::string Complaints::place_text(Place place) const
{
    return fmt::format("{}:{}", path_of_.at(place.file), place.line);
}

void Complaints::warn(Place place, std::string_view what)
{
    diagnostics_->push_back({.level = Diagnostic::Level::warning,
                             .file = path_of_.at(place.file),
                             .line = place.line,
                             .what = escaped(what)});
}

}  // namespace priorityd::ananicy
