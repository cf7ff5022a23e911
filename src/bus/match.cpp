// SPDX-License-Identifier: GPL-3.0-or-later
/// A subscription to signals, which the bus is asked for without waiting for its answer.
#include "bus/match.hpp"

#include <utility>

#include <systemd/sd-bus.h>

namespace priorityd::bus {

struct Match::State {
    Handlers handlers;
    std::unique_ptr<sd_bus_slot, decltype(&sd_bus_slot_unref)> slot{nullptr, sd_bus_slot_unref};

    /// Handlers are copied before they are called, because they may end this.
    static int on_message(sd_bus_message* message, void* state, sd_bus_error* /*error*/)
    {
        const auto heard = static_cast<State*>(state)->handlers.heard;
        heard(message);
        return 0;
    }
    static int on_installed(sd_bus_message* answer, void* state, sd_bus_error* /*error*/)
    {
        const auto failed = static_cast<State*>(state)->handlers.failed;
        if (sd_bus_message_is_method_error(answer, nullptr) > 0)
            failed();
        return 0;
    }
};

Match::Match(std::unique_ptr<State> state) : state_{std::move(state)} {}
Match::Match(Match&&) noexcept = default;
Match& Match::operator=(Match&&) noexcept = default;
Match::~Match() = default;

Result<Match> Match::add(sd_bus* bus, const std::string& rule, Handlers handlers)
{
    auto state = std::make_unique<State>(State{.handlers = std::move(handlers)});
    sd_bus_slot* slot = nullptr;
    const int r = sd_bus_add_match_async(bus, &slot, rule.c_str(), State::on_message, State::on_installed, state.get());
    if (r < 0)
        return failure(-r, "sd_bus_add_match_async(" + rule + ")");
    state->slot.reset(slot);
    return Match{std::move(state)};
}

}  // namespace priorityd::bus
