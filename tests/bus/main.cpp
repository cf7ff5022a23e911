// SPDX-License-Identifier: GPL-3.0-or-later
/// The tests of the bus folder as one program.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
