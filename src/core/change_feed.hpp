// SPDX-License-Identifier: GPL-3.0-or-later
/// Changes between two publications: bounded, and what does not fit is counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/explain.hpp"

namespace priorityd {

class ChangeFeed {
public:
    /// Rows in one signal; source: the contract of ProcessesChanged.
    static constexpr std::size_t kMaxRows = 64;

    struct Batch {
        std::vector<ProcessView> rows;
        std::uint32_t left_out = 0;
    };

    [[nodiscard]] bool empty() const { return batch_.rows.empty() && batch_.left_out == 0; }
    /// A process that changes twice between two publications is told once, as it is last.
    void add(ProcessView row);
    [[nodiscard]] Batch take() { return std::exchange(batch_, {}); }

private:
    Batch batch_;
};

}  // namespace priorityd
