// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unit_split.hpp"

#include <algorithm>
#include <tuple>

namespace priorityd {
namespace {

/// What no weight amounts to. Source: systemd.resource-control(5).
constexpr int kUsual = 100;

auto order_of(const Weights& weights)
{
    return std::tuple{weights.cpu ? weights.cpu->value : kUsual, weights.io ? weights.io->value() : kUsual};
}

}  // namespace

std::vector<Pid> who_differs(const std::map<Pid, Weights>& members, bool has_others)
{
    const auto by_wish = [](const auto& left, const auto& right) {
        return order_of(left.second) < order_of(right.second);
    };
    const auto most = std::ranges::max_element(members, by_wish);
    if (most == members.end())
        return {};
    const auto kept = has_others ? order_of({}) : order_of(most->second);
    const auto first = std::ranges::find_if(members, [&](const auto& one) { return order_of(one.second) != kept; });
    std::vector<Pid> pids;
    for (const auto& [pid, wish] : members) {
        if (first != members.end() && wish == first->second)
            pids.push_back(pid);
    }
    std::ranges::sort(pids);
    return pids;
}

}  // namespace priorityd
