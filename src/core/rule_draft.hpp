// SPDX-License-Identifier: GPL-3.0-or-later
/// Rules and overlays as a file says them, before classes are known and names are indexed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

struct OverlayDraft {
    struct ForClass {
        struct Entry {
            Setting setting{};
            Value value;
            Place place;
        };
        std::string class_name;
        Place place;
        std::uint32_t column = 0;
        std::vector<Entry> entries;
    };
    std::string name;
    std::string description;  ///< Empty when this file does not say.
    Place place;
    std::vector<ForClass> classes;
    LimitChanges limits;
};

}  // namespace priorityd
