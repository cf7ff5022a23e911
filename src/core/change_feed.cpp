// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/change_feed.hpp"

#include <algorithm>

namespace priorityd {

void ChangeFeed::add(ProcessView row)
{
    const auto same = std::ranges::find(batch_.rows, row.key, &ProcessView::key);
    if (same != batch_.rows.end())
        *same = std::move(row);
    else if (batch_.rows.size() < kMaxRows)
        batch_.rows.push_back(std::move(row));
    else
        ++batch_.left_out;
}

}  // namespace priorityd
