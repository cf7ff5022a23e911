// SPDX-License-Identifier: GPL-3.0-or-later
/// The tests of the daemon folder's parts as one program; those of the whole daemon are the system tests.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
