// SPDX-License-Identifier: GPL-3.0-or-later
/// Overrides that last as long as a connection: which they are, and the watch on that connection while there are any.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bus/callers.hpp"

namespace priorityd::bus {

class Tethers {
public:
    /// `parted` is told of a connection that has left the bus. `callers` must outlive this.
    Tethers(Callers& callers, std::function<void(const std::string& connection)> parted);

    /// Watches the connection and calls `then` with whether it is there; if so, tie() or let_go() has to follow.
    void hold(const std::string& connection, std::function<void(bool is_there)> then);
    /// The override that it was held for is in force. If the connection has left meanwhile, `parted` is called again.
    void tie(const std::string& connection, const std::string& id);
    /// Nothing has come of what it was held for.
    void let_go(const std::string& connection);
    /// These overrides are no more; connections without any are not watched any longer.
    void cut(const std::vector<std::string>& ids);
    /// The bus is lost, and so every connection has left.
    void part_from_all();

private:
    struct Tether {
        Match watch;
        std::set<std::string> ids;
        int held = 0;  ///< Overrides that are being made.
    };
    bool watch(const std::string& connection);
    void part(std::string connection);

    Callers& callers_;
    std::function<void(const std::string&)> parted_;
    std::map<std::string, Tether> tethers_;
};

}  // namespace priorityd::bus
