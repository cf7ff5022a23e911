// SPDX-License-Identifier: GPL-3.0-or-later
/// Overlays as the dictionaries of D-Bus, and back. Pure: no bus is needed. The keys are in the XML.
#pragma once

#include "bus/marshal.hpp"
#include "core/overlay_control.hpp"

namespace priorityd::bus {

/// What the daemon says: one row of ListProfiles.
[[nodiscard]] Dict to_dict(const OverlayView& overlay);
/// How the client reads it. What it does not know, of a later daemon, it leaves out.
[[nodiscard]] OverlayView read_overlay(const Dict& row);

}  // namespace priorityd::bus
