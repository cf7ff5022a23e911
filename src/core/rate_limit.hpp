// SPDX-License-Identifier: GPL-3.0-or-later
/// How often each user may ask for something: so many at once, and so many more a second.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>

#include "core/ids.hpp"

namespace priorityd {

class RateLimit {
public:
    /// `burst`: how much may come at once, and how much comes back in a second.
    explicit RateLimit(int burst) : burst_{static_cast<double>(burst)} {}

    /// Takes one of what the user has left; false when there is nothing left.
    [[nodiscard]] bool take(Uid user, Instant now)
    {
        auto [entry, is_new] = users_.try_emplace(user, Bucket{burst_, now});
        Bucket& bucket = entry->second;
        const std::chrono::duration<double> passed = now - bucket.at;
        bucket = {std::min(burst_, bucket.left + passed.count() * burst_), now};
        if (bucket.left < 1)
            return false;
        bucket.left -= 1;
        return true;
    }

private:
    struct Bucket {
        double left = 0;
        Instant at;
    };
    double burst_;
    std::map<Uid, Bucket> users_;
};

}  // namespace priorityd
