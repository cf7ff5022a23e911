// SPDX-License-Identifier: GPL-3.0-or-later
/// Weights of units as dictionaries of D-Bus, and back. Pure: no bus is needed.
#pragma once

#include "bus/marshal.hpp"
#include "core/result.hpp"
#include "core/weights.hpp"

namespace priorityd::bus {

/// Without those that are not set.
[[nodiscard]] Dict to_dict(const Weights& weights);
/// Errors: EINVAL for another key than those of weights, or no valid value; the text says which.
[[nodiscard]] Result<Weights> read_weights(const Dict& dict);

}  // namespace priorityd::bus
