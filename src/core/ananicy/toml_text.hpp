// SPDX-License-Identifier: GPL-3.0-or-later
/// A catalogue of ananicy as a rule file.
#pragma once

#include <string>
#include <vector>

#include "core/ananicy/catalogue.hpp"
#include "core/ananicy/tree.hpp"
#include "core/diagnostic.hpp"

namespace priorityd::ananicy {

/// Classes and rules as TOML that gives programs the same, each rule with its origin. What TOML cannot say is added to
/// `diagnostics`, and all of these stand at the end, as comments. `from` says where it all was: a folder.
[[nodiscard]] std::string toml_text(const Catalogue& catalogue, const std::vector<SourceFile>& files,
                                    const std::string& from, Diagnostics& diagnostics);

}  // namespace priorityd::ananicy
