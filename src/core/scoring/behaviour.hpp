// SPDX-License-Identifier: GPL-3.0-or-later
/// The behaviour engine: what kind of program it is, by what it does while others wait. Pure: samples in, advice out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

#include "core/scoring/advice.hpp"
#include "core/scoring/usage.hpp"

namespace priorityd {

/// What it looks like in one window.
enum class Manner : std::uint8_t {
    idle,         ///< Does next to nothing.
    hog,          ///< Runs whenever it may.
    build,        ///< Starts many children that run and end.
    periodic,     ///< Short bursts at an even rate, as audio and video need it.
    interactive,  ///< Short bursts after sleeps of any length.
    crowd,        ///< Many threads, each of which now and then has something to do, as a server's have.
    storage,      ///< Reads and writes, and waits for that.
    mixed,        ///< None of these.
};
[[nodiscard]] std::string_view to_text(Manner manner);

/// The last few windows of one process.
class Behaviour {
public:
    /// A CPU time that has gone back is another process's: what was seen before is forgotten.
    void add(const UsageSample& sample);
    /// What it did in the last window; null before the first.
    [[nodiscard]] const Usage* last() const { return windows_.empty() ? nullptr : &windows_.back(); }

    [[nodiscard]] Manner manner() const;
    /// The class that goes with the manner that most windows show, and how many of them do; empty with too few of them.
    [[nodiscard]] std::optional<Advice> advice() const;

private:
    [[nodiscard]] Manner manner_of(const Usage& usage) const;
    [[nodiscard]] bool is_even() const;

    static constexpr std::size_t kWindows = 8;
    std::optional<UsageSample> last_;
    std::deque<Usage> windows_;
};

}  // namespace priorityd
