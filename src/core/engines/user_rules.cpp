// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engines/user_rules.hpp"

#include <algorithm>

#include "core/engines/voices.hpp"

namespace priorityd {

UserRulesEngine::UserRulesEngine(const UserRules& rules, const Limits& limits) : limits_{limits}
{
    for (const auto& [uid, policy] : rules)
        own_.emplace(uid, policy);
}

FactSet UserRulesEngine::needs(const Snapshot& process) const
{
    if (!process.known.contains(Fact::owner))
        return Fact::owner;
    const auto own = own_.find(process.uid);
    return own == own_.end() ? FactSet{} : own->second.needs(process);
}

Certainty UserRulesEngine::certainty_by_exe(const Snapshot& process) const
{
    const bool are_all_silent = std::ranges::all_of(
        own_, [&](const auto& own) { return own.second.certainty_by_exe(process) == Certainty::silent; });
    return are_all_silent ? Certainty::silent : Certainty::unsure;  // as long as the owner is not known
}

void UserRulesEngine::judge(const Snapshot& process, Instant now, Decision& into) const
{
    const auto own = own_.find(process.uid);
    if (own == own_.end())
        return;
    const std::size_t begin = into.contributions().size();
    own->second.judge(process, now, into);
    if (process.uid != Uid{0})
        cap_for_users(limits_, begin, into);
}

}  // namespace priorityd
