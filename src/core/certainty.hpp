// SPDX-License-Identifier: GPL-3.0-or-later
/// How much can be said of a process of which only its file is known. See reflexes.hpp.
#pragma once

#include <cstdint>

namespace priorityd {

enum class Certainty : std::uint8_t {
    silent,   ///< There is nothing to say.
    certain,  ///< What there is to say by now will stand, unless another name of the process says otherwise.
    unsure,   ///< What is to be said of this program depends on other facts.
};

}  // namespace priorityd
