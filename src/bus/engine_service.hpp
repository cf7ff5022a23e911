// SPDX-License-Identifier: GPL-3.0-or-later
/// The object /org/priorityd1/Engine of a scoring engine in a process of its own.
#pragma once

#include <memory>
#include <string>

#include "bus/connection.hpp"
#include "core/result.hpp"
#include "core/scoring/told_program.hpp"

namespace priorityd::bus {

class EngineService {
public:
    /// Exports the object; `connection` and `scorer` must outlive it. `name`: for people who look at the bus. Errors:
    /// EEXIST when the connection has such an object already.
    [[nodiscard]] static Result<std::unique_ptr<EngineService>> create(Connection& connection, std::string name,
                                                                       Scorer& scorer);
    EngineService(const EngineService&) = delete;
    EngineService& operator=(const EngineService&) = delete;
    EngineService(EngineService&&) = delete;
    EngineService& operator=(EngineService&&) = delete;
    ~EngineService();

private:
    class Object;
    explicit EngineService(std::unique_ptr<Object> object);
    std::unique_ptr<Object> object_;
};

}  // namespace priorityd::bus
