// SPDX-License-Identifier: GPL-3.0-or-later
/// Advice that does not flap: its class changes at most once a minute, and only on evidence that lasts.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/ids.hpp"
#include "core/scoring/advice.hpp"

namespace priorityd {

class SettledAdvice {
public:
    /// Takes note of what is seen now; nothing seen changes nothing. True when held() is of another class than before.
    bool note(std::optional<Advice> seen, Instant now);
    [[nodiscard]] const std::optional<Advice>& held() const { return held_; }

private:
    /// Source: the issue that asked for scoring engines. A person who looks should see the same class twice.
    static constexpr auto kLeastHold = std::chrono::minutes{1};
    /// Longer than a program takes to start, load a file or switch between two kinds of work.
    static constexpr auto kLasting = std::chrono::seconds{5};

    std::optional<Advice> held_;
    Instant changed_{};
    std::string rival_;  // the class that is seen instead
    Instant rival_since_{};
};

}  // namespace priorityd
