// SPDX-License-Identifier: GPL-3.0-or-later
/// Saying that a test cannot run here, in the words that the runner of all tests counts.
#pragma once

#include <cstdio>
#include <string>

#include <doctest/doctest.h>

namespace priorityd::kernel {

/// To be called in a test case, which should return then: `if (is_refused()) return skip("no real time here");`.
inline void skip(const std::string& why)
{
    const auto* test = doctest::getContextOptions()->currentTest;
    std::printf("SKIP: %s: %s\n", test ? test->m_name : "?", why.c_str());
}

}  // namespace priorityd::kernel
