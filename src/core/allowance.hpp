// SPDX-License-Identifier: GPL-3.0-or-later
/// How much time a kind of work may take: a share of all time, of which a little can be saved up.
#pragma once

#include <algorithm>
#include <chrono>

#include "core/ids.hpp"

namespace priorityd {

class Allowance {
public:
    using Time = std::chrono::duration<double, std::milli>;

    /// `share`: 0..1, of the time that passes. `most`: what can be saved up, and is there at the beginning.
    Allowance(double share, Time most) : share_{share}, most_{most}, left_{most} {}

    /// Whether something is left of it now.
    [[nodiscard]] bool is_left(Instant now)
    {
        left_ = std::min(most_, left_ + share_ * Time{now - at_});
        at_ = now;
        return left_ > Time::zero();
    }
    /// More than is left may be spent at once; it is paid back before anything is left again.
    void spend(Time time) { left_ -= time; }

private:
    double share_;
    Time most_;
    Time left_;
    Instant at_{};
};

}  // namespace priorityd
