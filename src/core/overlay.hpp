// SPDX-License-Identifier: GPL-3.0-or-later
/// What people call a profile: other values for settings of classes and for limits, as long as it is in force. Profiles
/// in the code are what was learned of programs (scoring/profiles.hpp); the two have nothing to do with each other.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/place.hpp"
#include "core/setting.hpp"
#include "core/units.hpp"

namespace priorityd {

// Words that stand where the name of an overlay may, so none has them for a name.

constexpr std::string_view kNoOverlay = "none";
constexpr std::string_view kAutomatic = "auto";  ///< As a choice: the power state and the settings decide.

/// 1 to 64 of the letters a to z, digits and -, and none of the two words above.
[[nodiscard]] bool is_overlay_name(std::string_view text);

/// What it changes of the limits in the settings; empty members leave them as they are.
struct LimitChanges {
    std::optional<Nice> min_nice;
    std::optional<Nice> user_min_nice;
    std::optional<Nice> user_program_min_nice;
    std::optional<bool> realtime;
    friend bool operator==(const LimitChanges&, const LimitChanges&) = default;
};

struct Overlay {
    /// A value that goes over that of the class.
    struct Change {
        std::uint32_t class_index = 0;  ///< Into Policy::classes().
        Setting setting{};
        Value value;
        Place place;
    };
    std::string name;
    std::string description;
    Place place;                  ///< The last table of its name.
    std::vector<Change> changes;  ///< At most one for each setting of a class.
    LimitChanges limits;
};

/// When the settings may bring an overlay into force by themselves: the keys of [profiles].
enum class Occasion : std::uint8_t {
    initially,   ///< Nothing else says anything.
    on_battery,  ///< Source: OnBattery in org.freedesktop.UPower(7).
    // ActiveProfile of power-profiles-daemon. Source: its org.freedesktop.UPower.PowerProfiles.xml.
    power_saver,
    balanced,
    performance,
};

struct OccasionInfo {
    Occasion occasion;
    std::string_view word;  ///< As in the settings.
};

/// In the order of the enumeration.
[[nodiscard]] std::span<const OccasionInfo> occasion_table();
[[nodiscard]] std::string_view word_for(Occasion occasion);
/// Of the power profiles alone; empty for another word.
[[nodiscard]] std::optional<Occasion> find_power_profile(std::string_view word);

/// What the settings say of an occasion, and where.
struct OverlayMention {
    std::string name;  ///< kNoOverlay: on this occasion none is in force.
    std::string file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    friend bool operator==(const OverlayMention&, const OverlayMention&) = default;
};
/// An occasion that is not named decides nothing.
using OverlaySettings = std::map<Occasion, OverlayMention>;

}  // namespace priorityd
