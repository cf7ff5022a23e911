// SPDX-License-Identifier: GPL-3.0-or-later
/// Where in the files of a policy something stands.
#pragma once

#include <cstdint>

namespace priorityd {

struct Place {
    std::uint32_t file = 0;  ///< Index into Policy::files().
    std::uint32_t line = 0;  ///< From 1.
    friend bool operator==(const Place&, const Place&) = default;
};

}  // namespace priorityd
