// SPDX-License-Identifier: GPL-3.0-or-later
/// A permanent override as a file that people can read, and back from it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/diagnostic.hpp"
#include "core/override.hpp"
#include "core/result.hpp"

namespace priorityd {

/// A whole number from 0 to 2^64-1 without leading zeros: fit to be a file's name.
[[nodiscard]] bool is_override_id(std::string_view text);

/// The file, with a comment on who has made it and how to remove it. What comes out is read back as equal. Error
/// (code 0), for a person: for an override that is not permanent (one of a pid, for a time or for a connection), and
/// for one that could not be read back, with the reason: text that is not UTF-8, a reason with control characters.
[[nodiscard]] Result<std::string> to_toml(const Override& permanent);

struct OverrideReading {
    std::optional<Override> kept;  ///< Permanent. Empty when there is an error among the diagnostics.
    Diagnostics diagnostics;       ///< Sorted.
};
/// `path` is for the diagnostics. Whether there is such a class is not asked: classes may come later.
[[nodiscard]] OverrideReading read_override(std::string path, std::string_view text);

}  // namespace priorityd
