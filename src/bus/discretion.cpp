// SPDX-License-Identifier: GPL-3.0-or-later
/// What callers may know of other users' processes.
#include "bus/discretion.hpp"

#include <optional>
#include <utility>

#include "core/scoring/engines.hpp"

namespace priorityd::bus {

using Reach = Sight::Reach;

ProcessView public_view(ProcessView process)
{
    process.exe.clear();
    process.name = process.public_name;
    return process;
}

ProcessView Sight::of(ProcessView process)
{
    const bool is_open = process.exe.empty() && process.name == process.public_name;
    if (is_open || reach_ == Reach::all_processes || process.uid == user_)
        return process;
    has_hidden_ = true;
    return public_view(std::move(process));
}

SuggestionView public_view(SuggestionView suggestion)
{
    suggestion.exe.clear();
    if (suggestion.engine != kBehaviourEngine)
        suggestion.because.clear();  // an engine's own words, perhaps about a path or an argument
    return suggestion;
}

SuggestionView Sight::of(SuggestionView suggestion)
{
    if (reach_ == Reach::all_processes)
        return suggestion;
    has_hidden_ = true;
    return public_view(std::move(suggestion));
}

void Discretion::answer(const Call& call, Draft draft)
{
    if (const auto user = callers_.known_user(call.sender))
        return answer({.uid = *user, .connection = call.sender}, draft);
    callers_.find_user(call.sender, [this, sender = call.sender, draft = std::move(draft)](std::optional<Uid> user) {
        answer({.uid = user.value_or(kNobodysUid), .connection = sender}, draft);
    });
}

void Discretion::answer(const Caller& caller, const Draft& draft)
{
    Sight sight{caller.uid, gate_.is_trusted(caller.uid) ? Reach::all_processes : Reach::own_processes};
    const auto send = draft(sight);
    if (!sight.has_hidden())
        return send();
    ask(caller, [user = caller.uid, draft](Reach reach) {
        Sight allowed{user, reach};
        draft(allowed)();
    });
}

/// What comes while polkit thinks about a connection waits for that answer: it is the same question.
void Discretion::ask(const Caller& caller, std::function<void(Reach)> then)
{
    auto& waiting = asked_[caller.connection];
    waiting.push_back(std::move(then));
    if (waiting.size() > 1)
        return;
    gate_.ask(caller, Privilege::inspect, [this, connection = caller.connection](bool is_allowed) {
        const auto answered = asked_.extract(connection);
        for (const auto& tell : answered.mapped())
            tell(is_allowed ? Reach::all_processes : Reach::own_processes);
    });
}

}  // namespace priorityd::bus
