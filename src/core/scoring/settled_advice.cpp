// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/settled_advice.hpp"

#include <utility>

namespace priorityd {

bool SettledAdvice::note(std::optional<Advice> seen, Instant now)
{
    if (!seen)
        return false;
    const bool is_same = held_ && held_->program_class == seen->program_class;
    if (is_same)
        rival_.clear();
    else if (held_ && rival_ != seen->program_class) {
        rival_ = seen->program_class;
        rival_since_ = now;
    }
    if (held_ && !is_same && (now - rival_since_ < kLasting || now - changed_ < kLeastHold))
        return false;
    held_ = std::move(seen);
    if (is_same)
        return false;
    rival_.clear();
    changed_ = now;
    return true;
}

}  // namespace priorityd
