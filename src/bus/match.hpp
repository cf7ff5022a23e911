// SPDX-License-Identifier: GPL-3.0-or-later
/// A subscription to signals, which the bus is asked for without waiting for its answer.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/result.hpp"

struct sd_bus;
struct sd_bus_message;

namespace priorityd::bus {

/// Subscribed for as long as it lives.
class Match {
public:
    struct Handlers {
        std::function<void(sd_bus_message*)> heard;
        std::function<void()> failed;  ///< The bus refuses: nothing will be heard.
    };

    /// `rule` as for sd_bus_add_match(3). Messages that somebody sends to this connection alone are heard too when
    /// they look like it, so whoever cares has to check the sender. Handlers may end the Match, and nothing is called
    /// once it has ended. What is asked of the bus after this is answered with the subscription in force.
    /// Errors: those of sd_bus_add_match_async(3).
    [[nodiscard]] static Result<Match> add(sd_bus* bus, const std::string& rule, Handlers handlers);
    Match(const Match&) = delete;
    Match& operator=(const Match&) = delete;
    Match(Match&&) noexcept;
    Match& operator=(Match&&) noexcept;
    ~Match();

private:
    struct State;
    explicit Match(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace priorityd::bus
