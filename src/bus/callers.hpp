// SPDX-License-Identifier: GPL-3.0-or-later
/// Who is calling: asked of the bus itself, without waiting for its answer.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <sdbus-c++/IConnection.h>
#include <sdbus-c++/IProxy.h>

#include "core/ids.hpp"

namespace priorityd::bus {

class Callers {
public:
    explicit Callers(sdbus::IConnection& connection);
    Callers(const Callers&) = delete;
    Callers& operator=(const Callers&) = delete;
    Callers(Callers&&) = delete;
    Callers& operator=(Callers&&) = delete;
    ~Callers();

    /// Calls `then` with the user that the connection `sender` belongs to; with nothing when it cannot be found out.
    /// Nothing is called once this object is gone. Throws sdbus::Error when the question cannot be sent.
    void find_user(const std::string& sender, std::function<void(std::optional<Uid>)> then);

private:
    std::unique_ptr<sdbus::IProxy> driver_;
};

}  // namespace priorityd::bus
