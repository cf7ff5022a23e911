// SPDX-License-Identifier: GPL-3.0-or-later
/// Gives back memory that was needed to start or to read the rules, and that what comes after does not need.
#pragma once

namespace priorityd::daemon {

/// Free blocks of the heap, and pages of code and constants: reading options and rules and linking touch several times
/// as many of those as handling events does. What is needed again is mapped again at the next touch, from the page
/// cache, at about a microsecond for 64 KiB.
void give_back_spare_memory();

}  // namespace priorityd::daemon
