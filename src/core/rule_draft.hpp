// SPDX-License-Identifier: GPL-3.0-or-later
/// A rule as its file says it, before classes are known and names are indexed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/condition.hpp"
#include "core/policy.hpp"
#include "core/setting.hpp"

namespace priorityd {

struct RuleDraft {
    Place place;
    std::uint32_t column = 0;  ///< Of the class, for diagnostics; 0 when that is not known.
    std::optional<Place>
        origin;              ///< Where it stood before it was imported; `place` itself in a file of another program.
    std::string class_name;  ///< Empty when the rule has settings alone.
    std::string exact_name;  ///< The name taken literally, in the short form; else empty.
    Condition condition;     ///< With the name term, if any, for the long form.
    SettingMap settings;
};

}  // namespace priorityd
