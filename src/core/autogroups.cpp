// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/autogroups.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace priorityd {
namespace {

/// A build starts hundreds of programs a second in one session; its autogroup need not follow each of them.
constexpr auto kSettleDelay = std::chrono::milliseconds{50};

const Nice kNeutral = *Nice::make(0);
const Nice kLowest = *Nice::make(Nice::kHigh);

SessionId session_of(const Snapshot& process)
{
    return SessionId{process.session};
}

/// The process if it still is in the session.
std::unique_ptr<ProcessHandle> open_in(SessionId session, Pid pid, ProcessSource& source)
{
    Snapshot process;
    auto handle = source.open(pid);
    if (!handle || !(*handle)->read(Fact::stat, process) || session_of(process) != session || process.is_zombie)
        return nullptr;
    return *std::move(handle);
}

}  // namespace

Nice autogroup_wish(const SettingMap& settings)
{
    const auto* sched = find_value<SchedPolicy>(settings, Setting::sched);
    if (sched && sched->kind == SchedPolicy::Kind::idle)
        return kLowest;
    const auto* nice = find_value<Nice>(settings, Setting::nice);
    return nice ? *nice : kNeutral;
}

void Autogroups::add_member(SessionId session, Pid pid, SessionWish wish, Instant now)
{
    Session& its = sessions_[session];
    session_of_[pid] = session;
    if (its.bystander == pid) {
        its.bystander.reset();
        its.is_searched = false;
    }
    const auto [member, is_new] = its.members.try_emplace(pid, wish);
    const bool is_news = is_new || std::exchange(member->second, wish) != wish;
    if (is_news && (wish.nice < kNeutral || wish.is_urgent || !is_held_up(its)))
        mark(its, now);
}

bool Autogroups::add_bystander(SessionId session, Pid pid, Instant now)
{
    const auto known = sessions_.find(session);
    if (known == sessions_.end())
        return false;
    Session& its = known->second;
    const bool was_member = its.members.erase(pid) > 0;
    if (its.bystander && !was_member)
        return its.bystander == pid;  // one is enough to hold the session up
    its.bystander = pid;
    session_of_[pid] = session;
    mark(its, now);
    return true;
}

void Autogroups::remove(Pid pid, Instant now)
{
    const auto known = session_of_.find(pid);
    if (known == session_of_.end())
        return;
    Session& its = sessions_.at(known->second);
    session_of_.erase(known);
    its.members.erase(pid);
    if (is_held_up(its) && its.bystander != pid)
        return;
    if (its.bystander == pid) {
        its.bystander.reset();
        its.is_searched = false;
    }
    mark(its, now);
}

void Autogroups::settle(const Tools& tools)
{
    due_.reset();
    for (auto& [id, session] : sessions_) {
        if (!std::exchange(session.has_changed, false))
            continue;
        const Nice wish = wish_of(session);
        const bool heeds_bystanders = wish > kNeutral && !is_urgent(session);
        if (heeds_bystanders && !session.bystander && !session.is_searched)
            find_bystander(id, session, tools.source, tools.exits);
        const bool is_held_up = heeds_bystanders && session.bystander;
        settle_one(id, session, tools, is_held_up ? kNeutral : wish);
    }
    // A session with a bystander stays known, so that the next lowered member does not cause another search.
    std::erase_if(sessions_, [](const auto& entry) {
        const Session& session = entry.second;
        return session.members.empty() && !session.written && !session.bystander;
    });
}

void Autogroups::restore(const Tools& tools)
{
    for (auto& [id, session] : sessions_) {
        if (session.written)
            settle_one(id, session, tools, kNeutral);
    }
    sessions_.clear();
    session_of_.clear();
}

void Autogroups::adopt(const std::vector<SessionOriginal>& left, ProcessSource& source, Instant now)
{
    if (left.empty())
        return;
    for (const Pid pid : source.list()) {
        Snapshot process;
        const auto handle = source.open(pid);
        if (!handle || !(*handle)->read(Fact::stat, process) || sessions_.contains(session_of(process)))
            continue;
        if (const auto autogroup = (*handle)->autogroup())
            adopt_one(session_of(process), *autogroup, left, now);
    }
}

/// The last line may be of a write that never came to be: then what was written before that is still there.
void Autogroups::adopt_one(SessionId id, const Autogroup& autogroup, const std::vector<SessionOriginal>& left,
                           Instant now)
{
    const auto is_there = [&](const SessionOriginal& one) {
        return one.autogroup == autogroup.number && one.written == autogroup.nice && one.written != one.before;
    };
    const auto found = std::find_if(left.rbegin(), left.rend(), is_there);
    if (found == left.rend())
        return;
    Session& session = sessions_[id];
    session.autogroup = found->autogroup;
    session.before = found->before;
    session.written = found->written;
    mark(session, now);
}

std::vector<SessionOriginal> Autogroups::originals() const
{
    std::vector<SessionOriginal> originals;
    for (const auto& [id, session] : sessions_) {
        if (session.written && *session.written != *session.before)
            originals.push_back({session.autogroup, *session.before, *session.written});
    }
    return originals;
}

std::optional<Autogroups::State> Autogroups::state(SessionId id) const
{
    const auto known = sessions_.find(id);
    if (known == sessions_.end())
        return std::nullopt;
    const Session& session = known->second;
    const auto because =
        session.bystander && wish_of(session) > kNeutral && !is_urgent(session)
            ? fmt::format("session {}: not lowered, process {} in it was not", raw(id), raw(*session.bystander))
            : fmt::format("session {}: for all of its known processes ({})", raw(id), session.members.size());
    return State{.value = session.written, .because = because, .outcome = session.outcome};
}

bool Autogroups::is_held_up(const Session& session)
{
    return session.bystander && !session.written;
}

void Autogroups::mark(Session& session, Instant now)
{
    session.has_changed = true;
    if (!due_)
        due_ = now + kSettleDelay;
}

Nice Autogroups::wish_of(const Session& session)
{
    const bool heeds_all = !is_urgent(session);
    std::optional<Nice> least;
    for (const auto& [pid, wish] : session.members) {
        const bool counts = heeds_all || wish.is_urgent || wish.nice < kNeutral;
        if (counts && (!least || wish.nice < *least))
            least = wish.nice;
    }
    return least.value_or(kNeutral);
}

bool Autogroups::is_urgent(const Session& session)
{
    return std::ranges::any_of(session.members, [](const auto& member) { return member.second.is_urgent; });
}

void Autogroups::find_bystander(SessionId id, Session& session, ProcessSource& source, ExitWatch& exits)
{
    for (const Pid pid : source.list()) {
        if (session.members.contains(pid))
            continue;
        const auto handle = open_in(id, pid, source);
        if (handle && exits.watch(*handle)) {
            session.bystander = pid;
            session_of_[pid] = id;
            return;
        }
    }
    session.is_searched = true;
}

void Autogroups::settle_one(SessionId id, Session& session, const Tools& tools, Nice target)
{
    if (target == session.written.value_or(kNeutral) && (session.written || target == kNeutral))
        return;
    std::vector<Pid> ways;
    for (const auto& [pid, wish] : session.members)
        ways.push_back(pid);
    if (session.bystander)
        ways.push_back(*session.bystander);
    if (ways.empty())
        ways = tools.source.list();
    for (const Pid pid : ways) {
        if (const auto handle = open_in(id, pid, tools.source))
            return write(session, *handle, target, tools);
    }
    session.written.reset();  // nobody is left in the session, so there is nothing to put back either
}

void Autogroups::write(Session& session, ProcessHandle& through, Nice target, const Tools& tools)
{
    const auto now = through.autogroup();
    if (!now) {
        session.outcome = Outcome{Outcome::Kind::not_live, now.error().doing}.to_text();
        return;
    }
    if (!session.written || now->number != session.autogroup) {  // another session may have got the id
        session.autogroup = now->number;
        session.before = now->nice;
    } else if (now->nice != *session.written) {
        session.outcome =
            Outcome{Outcome::Kind::held, fmt::format("somebody else has set {}", now->nice.value())}.to_text();
        session.written.reset();
        return;
    }
    const Nice value = target == kNeutral ? *session.before : target;
    tools.originals.about_to_write(SessionOriginal{session.autogroup, *session.before, value});
    const auto outcome = tools.actuator.set_autogroup(through, value);
    const bool is_put_back = outcome.kind == Outcome::Kind::applied && target == kNeutral;
    session.outcome = is_put_back ? std::string{} : outcome.to_text();
    if (outcome.kind == Outcome::Kind::applied)
        session.written = target == kNeutral ? std::nullopt : std::optional{target};
}

}  // namespace priorityd
