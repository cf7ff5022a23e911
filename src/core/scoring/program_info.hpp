// SPDX-License-Identifier: GPL-3.0-or-later
/// What the system knows of a program, whoever runs it: from its package and its desktop entry.
#pragma once

#include <string>
#include <vector>

namespace priorityd {

/// Text is as it stands there. Empty where nothing is known.
struct ProgramInfo {
    std::string section;            ///< Of the package: "games", "non-free/games", or an RPM group, "Amusements/Games".
    std::string description;        ///< The package's, one line.
    std::vector<std::string> tags;  ///< Debtags: "use::editing".
    std::vector<std::string> categories;  ///< Of the desktop entry. Source: Desktop Menu Specification.

    [[nodiscard]] bool empty() const
    {
        return section.empty() && description.empty() && tags.empty() && categories.empty();
    }
    friend bool operator==(const ProgramInfo&, const ProgramInfo&) = default;
};

}  // namespace priorityd
