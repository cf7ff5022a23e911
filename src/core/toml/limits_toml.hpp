// SPDX-License-Identifier: GPL-3.0-or-later
/// Limits from TOML: those of the settings, and those of overlays.
#pragma once

#include <string_view>

#include "core/overlay.hpp"
#include "core/toml/reader.hpp"

namespace priorityd {

/// `in` is how the table is written: "[limits]".
void read_limits(TomlReader& reader, const toml::node& node, std::string_view in, LimitChanges& into);

}  // namespace priorityd
