// SPDX-License-Identifier: GPL-3.0-or-later
/// Which application of a desktop a process belongs to, by the name of its unit: whoever starts one puts it into a unit
/// that is named after its desktop entry. A unit's name is a claim: its user may have chosen it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace priorityd {

/// An application. One without an id is none.
struct App {
    enum class Kind : std::uint8_t {
        desktop,  ///< Of the system, or unknown where from.
        flatpak,
        snap,
    };
    Kind kind{};
    std::string id;  ///< The name of its desktop entry without ".desktop". Letters, digits and "._+-": a file's name.
    [[nodiscard]] bool empty() const { return id.empty(); }
    friend bool operator==(const App&, const App&) = default;
    friend std::strong_ordering operator<=>(const App&, const App&) = default;
};

/// Of the innermost unit of a cgroup's path. Any bytes are taken; a name that does not keep to the form is of no
/// application. Sources: systemd.io/DESKTOP_ENVIRONMENTS, "XDG standardization for applications"; systemd.unit(5),
/// "String escaping"; Flatpak and snapd name theirs likewise, see app_id.cpp.
[[nodiscard]] App app_of_cgroup(std::string_view cgroup);

/// Whether the file is the application's own: not a command that it has started, nor something of the runtime it stands
/// on. For one of Kind::desktop it is a file that lies in a folder for programs' own files: which application that is,
/// the path does not say. `exe`: as Snapshot::exe.
[[nodiscard]] bool is_own_file(const App& app, std::string_view exe);

/// Whether only the mount namespace of an application that is of another kind than Kind::desktop has such a path, or a
/// snap's.
[[nodiscard]] bool is_inside_app(std::string_view exe);

}  // namespace priorityd
