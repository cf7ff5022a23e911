// SPDX-License-Identifier: GPL-3.0-or-later
/// Reading one file of settings or rules, whatever may lie in its place.
#pragma once

#include <filesystem>
#include <optional>

#include "core/policy_reading.hpp"

namespace priorityd::kernel {

/// The file with its text or an error; empty when it is a mask: empty, or a link to /dev/null.
[[nodiscard]] std::optional<PolicyFile> read_policy_file(const std::filesystem::path& path, PolicyFile::Kind kind);

/// A file or folder that is itself in the way, with the errno(3) value of trying: an entry of its own, so that it is
/// reported.
[[nodiscard]] PolicyFile broken_policy_place(const std::filesystem::path& place, PolicyFile::Kind kind, int code);

}  // namespace priorityd::kernel
