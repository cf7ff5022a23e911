// SPDX-License-Identifier: GPL-3.0-or-later
/// One property of somebody else's object, followed for as long as somebody has the name.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <sdbus-c++/IConnection.h>
#include <sdbus-c++/Types.h>

#include "core/result.hpp"

namespace priorityd::bus {

/// Nobody is started for it, and with nothing to tell nothing wakes.
class PropertyWatch {
public:
    struct Property {
        const char* service;  ///< Well-known name.
        const char* path;
        const char* interface;
        const char* name;
    };
    /// The value; empty when nobody has the name, or nobody there tells.
    using Changed = std::function<void(const std::optional<sdbus::Variant>&)>;

    /// Calls `changed` with what is found out, and each time that it may have become another. Not before this returns,
    /// and never once this object is gone. `connection` must outlive it. Errors: those of Match::add.
    [[nodiscard]] static Result<std::unique_ptr<PropertyWatch>> follow(sdbus::IConnection& connection,
                                                                       const Property& property, Changed changed);
    PropertyWatch(const PropertyWatch&) = delete;
    PropertyWatch& operator=(const PropertyWatch&) = delete;
    PropertyWatch(PropertyWatch&&) = delete;
    PropertyWatch& operator=(PropertyWatch&&) = delete;
    ~PropertyWatch();

private:
    class State;
    explicit PropertyWatch(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace priorityd::bus
