// SPDX-License-Identifier: GPL-3.0-or-later
/// Finding the files of an ananicy rule tree.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "core/policy_reading.hpp"

namespace priorityd::kernel {

/// What a file of this name is to ananicy: *.rules, *.types, *.cgroups, ananicy.conf. Empty for all others.
[[nodiscard]] std::optional<PolicyFile::Kind> ananicy_kind(const std::filesystem::path& file);

/// All files of the tree below `folder` that ananicy reads, in the order of their names (of their bytes), folder by
/// folder. Links to folders are followed, each folder is read once. Errors: those of reading `folder` itself.
[[nodiscard]] Result<std::vector<std::filesystem::path>> ananicy_files(const std::filesystem::path& folder);

/// `folder` and all folders below it; empty when it is none.
[[nodiscard]] std::vector<std::filesystem::path> ananicy_folders(const std::filesystem::path& folder);

/// Whether it is a folder with files for ananicy in it or below it, and none for priorityd.
[[nodiscard]] bool is_ananicy_folder(const std::filesystem::path& folder);

}  // namespace priorityd::kernel
