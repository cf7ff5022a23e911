// SPDX-License-Identifier: GPL-3.0-or-later
/// The entry of the core's tests: no root, no clock, no file; under a second.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
