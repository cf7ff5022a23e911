// SPDX-License-Identifier: GPL-3.0-or-later
/// Tells a storm of events from everyday life, so that the daemon can take many events at one wake-up.
#pragma once

#include <chrono>
#include <cstddef>

#include "core/ids.hpp"

namespace priorityd {

class EventRate {
public:
    /// Counted over this long, so that one burst (a login, a script) is no storm yet.
    static constexpr auto kWindow = std::chrono::milliseconds{20};
    /// Events in a window that make a storm: 4,000 a second. From there on wake-ups are the larger part of the cost of
    /// an event: 12 to 16 us each, against 1 us for an event that was already queued.
    static constexpr std::size_t kStorm = 80;

    void note(std::size_t events, Instant now)
    {
        if (now - begin_ >= kWindow) {
            // A window that is long past says nothing of now.
            is_storm_ = events_ >= kStorm && now - begin_ < 2 * kWindow;
            begin_ = now;
            events_ = 0;
        }
        events_ += events;
    }
    [[nodiscard]] bool is_storm() const { return is_storm_; }

private:
    Instant begin_{};
    std::size_t events_ = 0;
    bool is_storm_ = false;
};

}  // namespace priorityd
