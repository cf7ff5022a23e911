// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/surroundings.hpp"

#include <string>

#include "core/scoring/engines.hpp"
#include "kernel/timers.hpp"

namespace priorityd::daemon {

SurroundingsAdviser::SurroundingsAdviser() : timed_{kernel::read_timers()} {}

FactSet SurroundingsAdviser::needs(const Snapshot& /*process*/) const
{
    return Fact::stat | Fact::cgroup;
}

void SurroundingsAdviser::advise(const Snapshot& process, std::vector<Vote>& into)
{
    ++calls_;
    auto advice = advice_by_surroundings(surroundings_of(process, timed_));
    if (!advice)
        return;
    ++votes_;
    into.push_back({std::string{kSurroundingsEngine}, *std::move(advice)});
}

}  // namespace priorityd::daemon
