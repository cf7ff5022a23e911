// SPDX-License-Identifier: GPL-3.0-or-later
/// Finds out which knobs do something on this machine, by trying them.
#pragma once

#include "core/knobs.hpp"
#include "kernel/roots.hpp"

namespace priorityd::kernel {

/// Every knob that core/knobs.hpp names: live or not, and why not or within what limits. Leaves the calling thread as
/// it was. Takes about a millisecond: for the start. Only what files tell is taken from `roots`.
[[nodiscard]] Knobs probe_knobs(const Roots& roots = {});

}  // namespace priorityd::kernel
