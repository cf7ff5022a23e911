// SPDX-License-Identifier: GPL-3.0-or-later
/// Overrides that last as long as a connection: which they are, and the watch on that connection while there are any.
#include "bus/tethers.hpp"

#include <utility>

namespace priorityd::bus {

Tethers::Tethers(Callers& callers, std::function<void(const std::string&)> parted)
    : callers_{callers}, parted_{std::move(parted)}
{
}

void Tethers::hold(const std::string& connection, std::function<void(bool)> then)
{
    if (!watch(connection))
        return then(false);
    ++tethers_.at(connection).held;
    // Asked after the watch is on its way, so that no leaving is missed in between.
    callers_.find_user(connection, [this, connection, then = std::move(then)](std::optional<Uid> user) {
        const bool is_there = user && tethers_.contains(connection);
        if (!is_there)
            let_go(connection);
        then(is_there);
    });
}

bool Tethers::watch(const std::string& connection)
{
    if (tethers_.contains(connection))
        return true;
    auto match = callers_.watch(connection, [this, connection] { part(connection); });
    if (!match)
        return false;
    tethers_.emplace(connection, Tether{.watch = *std::move(match), .ids = {}});
    return true;
}

void Tethers::tie(const std::string& connection, const std::string& id)
{
    const auto found = tethers_.find(connection);
    if (found == tethers_.end())
        return parted_(connection);
    found->second.ids.insert(id);
    --found->second.held;
}

void Tethers::let_go(const std::string& connection)
{
    const auto found = tethers_.find(connection);
    if (found == tethers_.end())
        return;
    Tether& tether = found->second;
    if (--tether.held == 0 && tether.ids.empty())
        tethers_.erase(found);
}

void Tethers::cut(const std::vector<std::string>& ids)
{
    for (auto& [connection, tether] : tethers_) {
        for (const std::string& id : ids)
            tether.ids.erase(id);
    }
    std::erase_if(tethers_, [](const auto& entry) { return entry.second.ids.empty() && entry.second.held == 0; });
}

void Tethers::part_from_all()
{
    while (!tethers_.empty())
        part(tethers_.begin()->first);
}

/// Takes a copy, because the watch that tells of it ends here, and the name in it.
void Tethers::part(std::string connection)  // NOLINT(performance-unnecessary-value-param)
{
    tethers_.erase(connection);
    parted_(connection);
}

}  // namespace priorityd::bus
