// SPDX-License-Identifier: GPL-3.0-or-later
/// Overrides as the dictionaries of D-Bus, and back. Pure: no bus is needed. The keys are in the XML.
#pragma once

#include "bus/marshal.hpp"
#include "core/control.hpp"

namespace priorityd::bus {

/// What the daemon says: one row of ListOverrides.
[[nodiscard]] Dict to_dict(const OverrideView& view);

// What the client asks, and how it reads the answers. What it does not know, of a later daemon, it leaves out.

[[nodiscard]] Dict target_dict(const OverrideRequest& request);
[[nodiscard]] Dict options_dict(const OverrideRequest& request);
[[nodiscard]] OverrideView read_override(const Dict& row);

}  // namespace priorityd::bus
