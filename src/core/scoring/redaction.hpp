// SPDX-License-Identifier: GPL-3.0-or-later
/// What of a process may be told to an engine outside, and so perhaps to another machine: nothing that looks like a
/// secret, no folders of homes, no names of users. Pure: texts in, texts out.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace priorityd {

/// Names of people's accounts.
using UserNames = std::set<std::string, std::less<>>;

/// What stands in place of what is not told.
constexpr std::string_view kHidden = "[...]";

/// A program's path. Of one in a home, or another folder of somebody's, what tells whose it is and how folders there
/// are called is hidden; the file's name stays, and so do folders that have the same name everywhere:
/// "~/.local/bin/blender", "~/[...]/steamapps/common/[...]/portal2".
[[nodiscard]] std::string redacted_path(std::string_view path, const UserNames& users);

/// Arguments without the first, which is the program's name. Options stay; hidden are values of options whose name says
/// that they are secret or a user's, whatever looks like a key, a password in an address, paths in homes, names of
/// users, and scripts that are an argument. At most 24 of at most 100 bytes.
[[nodiscard]] std::vector<std::string> redacted_arguments(const std::vector<std::string>& argv, const UserNames& users);

/// The innermost unit of a cgroup's path, without what makes it one of many: "user@.service" for "user@1000.service",
/// "app-org.gnome.Calculator.scope" for one with a number behind it. Empty where it names a user.
[[nodiscard]] std::string redacted_unit(std::string_view cgroup, const UserNames& users);

}  // namespace priorityd
