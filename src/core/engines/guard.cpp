// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engines/guard.hpp"

#include "core/engines/voices.hpp"

namespace priorityd {

void GuardEngine::judge(const Snapshot& process, Instant /*now*/, Decision& into) const
{
    if (process.restraint)
        Voice{"engine guard", process.restraint->because}.give(settings_of(process.restraint->step), into);
}

}  // namespace priorityd
