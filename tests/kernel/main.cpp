// SPDX-License-Identifier: GPL-3.0-or-later
/// The tests of the kernel folder as one program. Those that need root or a certain kernel say that they were skipped.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
