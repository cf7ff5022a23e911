// SPDX-License-Identifier: GPL-3.0-or-later
/// Asks engines outside, which export org.priorityd1.Engine. They may be anybody: what they answer is taken in with
/// bounds on everything, and looked at no further here.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "bus/connection.hpp"
#include "core/ports.hpp"
#include "core/scoring/engine_address.hpp"
#include "core/scoring/score.hpp"

namespace priorityd::bus {

class EngineClient final : public EngineCalls {
public:
    /// `connection` must outlive this. `on_owner` is called with a name that was asked once, when somebody has taken
    /// it.
    EngineClient(Connection& connection, std::function<void(const std::string& bus_name)> on_owner);
    EngineClient(const EngineClient&) = delete;
    EngineClient& operator=(const EngineClient&) = delete;
    EngineClient(EngineClient&&) = delete;
    EngineClient& operator=(EngineClient&&) = delete;
    ~EngineClient() override;

    /// Where the name can be activated, that is done.
    void score(const EngineAddress& engine, std::chrono::milliseconds timeout, const ScoreQuestion& question,
               Then then) override;
    void health(const EngineAddress& engine, std::chrono::milliseconds timeout,
                std::function<void(const std::string&)> then) override;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace priorityd::bus
