// SPDX-License-Identifier: GPL-3.0-or-later
/// Suggestions as the dictionaries of D-Bus, and back. Pure: no bus is needed. The keys are in the XML.
#pragma once

#include "bus/marshal.hpp"
#include "core/learning.hpp"

namespace priorityd::bus {

/// What the daemon says: one row of ListSuggestions.
[[nodiscard]] Dict to_dict(const SuggestionView& suggestion);
/// How the client reads it. What it does not know, of a later daemon, it leaves out.
[[nodiscard]] SuggestionView read_suggestion(const Dict& row);

}  // namespace priorityd::bus
