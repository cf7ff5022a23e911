// SPDX-License-Identifier: GPL-3.0-or-later
/// Telling what of a tree cannot be kept, with its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/ananicy/tree.hpp"
#include "core/diagnostic.hpp"
#include "core/policy.hpp"

namespace priorityd::ananicy {

class Complaints {
public:
    /// `files` are all that places may name. `diagnostics` must outlive this.
    Complaints(const std::vector<SourceFile>& files, Diagnostics& diagnostics);

    /// "FILE:LINE".
    [[nodiscard]] std::string place_text(Place place) const;
    /// One sentence, which may hold any bytes.
    void warn(Place place, std::string_view what);

private:
    std::unordered_map<std::uint32_t, std::string> path_of_;
    Diagnostics* diagnostics_;
};

}  // namespace priorityd::ananicy
