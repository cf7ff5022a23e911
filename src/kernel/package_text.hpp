// SPDX-License-Identifier: GPL-3.0-or-later
/// What package managers and desktops write about programs: texts to values. Pure; any bytes are taken.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/scoring/program_info.hpp"

namespace priorityd::kernel {

/// One package of dpkg's status file. Source: deb-control(5).
struct PackageStanza {
    std::string package;
    std::string section;
    std::string description;  ///< The first line.
    std::string tag;          ///< "a::b, c::d"; absent in most status files.
};

/// Calls `visit` with each package in turn. Reads line by line: the file has megabytes. Returns how many paragraphs
/// were refused whole: without a package's name, or with a line that is none of such a file.
std::uint64_t for_each_package(std::istream& status, const std::function<void(const PackageStanza&)>& visit);
/// "libx:amd64.list" is of the package "libx".
[[nodiscard]] std::string_view package_of_list(std::string_view file_name);
/// The paths under which packages may have put this file there: its own, and for one below /usr that without /usr,
/// since what is there now was put beside it by packages that do not know. Source: hier(7), merged /usr.
[[nodiscard]] std::vector<std::string_view> paths_in_packages(std::string_view path);
[[nodiscard]] ProgramInfo info_of(const PackageStanza& stanza);
/// The parts of a list, "a, b" or "a;b;", without blanks around them and without empty ones.
[[nodiscard]] std::vector<std::string> parts_of(std::string_view list, char between);

/// What a desktop entry says of the program that it starts.
struct DesktopEntry {
    std::string program;  ///< Path or name, without arguments; empty for an entry that starts none on this side.
    std::vector<std::string> categories;
};
/// Source: Desktop Entry Specification 1.5. Entries that are hidden, and that are no applications, say nothing; those
/// that start a program in a sandbox by way of flatpak or snap have categories alone; a program that is started by way
/// of env is that program. Empty for what is not well-formed.
[[nodiscard]] std::optional<DesktopEntry> parse_desktop_entry(std::string_view text);

}  // namespace priorityd::kernel
