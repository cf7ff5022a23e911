// SPDX-License-Identifier: GPL-3.0-or-later
/// Leaves somebody alone who fails again and again: longer each time, until one attempt succeeds.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "core/ids.hpp"

namespace priorityd {

class CircuitBreaker {
public:
    /// One failure may be chance, and two may be one cause.
    static constexpr int kMostFailures = 3;
    static constexpr std::chrono::seconds kFirstRest{10};
    /// Somebody who is repaired is heard again before a person has wondered for long.
    static constexpr std::chrono::seconds kLongestRest = std::chrono::minutes{10};

    /// Whether an attempt may be made. After a rest it is a trial: a failure means the next rest, twice as long.
    [[nodiscard]] bool lets_through(Instant now) const { return !until_ || *until_ <= now; }
    /// Whether the next attempt is a trial.
    [[nodiscard]] bool is_trying() const { return until_.has_value(); }
    /// The end of the rest; may be past. Empty when there is none.
    [[nodiscard]] std::optional<Instant> until() const { return until_; }

    void succeed() { *this = {}; }
    void fail(Instant now)
    {
        if (++failures_ >= kMostFailures || is_trying())
            rest(now);
    }
    /// Without waiting for more failures.
    void rest(Instant now)
    {
        until_ = now + rest_;
        rest_ = std::min(rest_ * 2, kLongestRest);
    }
    /// There is reason to believe that it would succeed now: the next attempt is a trial, at once.
    void try_now(Instant now)
    {
        if (until_)
            until_ = std::min(*until_, now);
        rest_ = kFirstRest;
    }

private:
    int failures_ = 0;
    std::chrono::seconds rest_ = kFirstRest;
    std::optional<Instant> until_;
};

}  // namespace priorityd
