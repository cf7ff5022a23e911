// SPDX-License-Identifier: GPL-3.0-or-later
/// What not everybody may ask for passes here: who calls, what it takes, whether polkit allows it, then it is done.
#include "bus/gate.hpp"

#include <utility>

#include <fmt/format.h>

namespace priorityd::bus {
namespace {

/// A bus lets one connection wait for 128 answers by default (max_replies_per_connection in dbus-daemon(1)), and a
/// dialog stays open for minutes: one user's open dialogs must not leave the others without answers.
constexpr int kMostWaitingOfOneUser = 16;

/// Who sends calls without waiting for the answers would have all of them kept here until the bus has told who that is.
/// In a second nobody may ask for more anyway; see SteeringLimits::kRequestsASecond.
constexpr int kMostUnknownOfOneCaller = 32;

Refusal too_many_at_once()
{
    return {Refusal::Kind::limit_reached,
            fmt::format("more than {} calls at once: wait for the answers", kMostUnknownOfOneCaller)};
}

Refusal too_many_waiting()
{
    return {Refusal::Kind::limit_reached,
            fmt::format("{} calls of this user are waiting for polkit: answer its questions first, or wait",
                        kMostWaitingOfOneUser)};
}

}  // namespace

struct Gate::Visit {
    Caller caller;
    Interaction interaction{};
    Intent intent;
    Refuse refuse;
    std::optional<Polkit::Ticket> question;
    std::optional<Match> watch;  ///< On the caller, while a person may be sitting before a dialog.
};

Gate::Gate(sdbus::IConnection& connection, Callers& callers, Uid own_uid)
    : callers_{callers}, polkit_{connection}, own_uid_{own_uid}
{
}

void Gate::pass(const Call& call, Plan plan, Refuse refuse)
{
    if (unknown_[call.sender] >= kMostUnknownOfOneCaller)
        return refuse(too_many_at_once());
    ++unknown_[call.sender];
    const auto visit = std::make_shared<Visit>(Visit{.caller = {.uid = kNobodysUid, .connection = call.sender},
                                                     .interaction = call.interaction,
                                                     .intent = {},
                                                     .refuse = std::move(refuse)});
    callers_.find_user(call.sender, [this, visit, plan = std::move(plan)](std::optional<Uid> user) {
        if (const auto caller = unknown_.find(visit->caller.connection); --caller->second == 0)
            unknown_.erase(caller);
        if (!user)
            return visit->refuse(caller_has_left());
        visit->caller.uid = *user;
        receive(visit, plan);
    });
}

void Gate::receive(const std::shared_ptr<Visit>& visit, const Plan& plan)
{
    auto intent = plan(visit->caller);
    if (!intent)
        return visit->refuse(intent.error());
    visit->intent = *std::move(intent);
    if (is_trusted(visit->caller.uid) || visit->intent.needs.empty())
        visit->intent.carry_out();
    else
        ask_polkit(visit);
}

void Gate::ask_polkit(const std::shared_ptr<Visit>& visit)
{
    visit->question =
        put(visit->caller, visit->interaction, visit->intent.needs, [this, visit](const Verdict<void>& verdict) {
            visit->watch.reset();
            if (verdict)
                see_whether_there(visit);
            else
                visit->refuse(verdict.error());
        });
    if (visit->question && visit->interaction == Interaction::allowed)
        stay_with(visit);
}

/// A dialog that nobody waits for any more is closed. Where the caller cannot be watched, it stays.
void Gate::stay_with(const std::shared_ptr<Visit>& visit)
{
    auto match = callers_.watch(visit->caller.connection, [this, gone = std::weak_ptr{visit}] {
        if (const auto alive = gone.lock())
            withdraw_if_gone(alive);
    });
    if (!match)
        return;
    visit->watch = *std::move(match);
    withdraw_if_gone(visit);
}

/// Asked after the watch is on its way, so that no leaving is missed in between.
void Gate::withdraw_if_gone(const std::shared_ptr<Visit>& visit)
{
    callers_.find_user(visit->caller.connection, [this, visit](std::optional<Uid> user) {
        if (!user && visit->question)
            polkit_.withdraw(*visit->question);
    });
}

void Gate::ask(const Caller& caller, Privilege privilege, std::function<void(bool)> then)
{
    put(caller, Interaction::forbidden, {privilege},
        [then = std::move(then)](const Verdict<void>& verdict) { then(verdict.has_value()); });
}

/// Puts the question, unless that is one too many of this user's.
std::optional<Polkit::Ticket> Gate::put(const Caller& caller, Interaction interaction, Privileges wanted,
                                        Polkit::Then then)
{
    const Uid user = caller.uid;
    if (waiting_[user] >= kMostWaitingOfOneUser) {
        then(tl::unexpected{too_many_waiting()});
        return std::nullopt;
    }
    ++waiting_[user];
    return polkit_.ask({caller.connection, interaction, std::move(wanted)},
                       [this, user, then = std::move(then)](const Verdict<void>& verdict) {
                           if (--waiting_[user] == 0)
                               waiting_.erase(user);
                           then(verdict);
                       });
}

/// Polkit takes its time; whoever has gone meanwhile is not there to be told what has been done in their name.
void Gate::see_whether_there(const std::shared_ptr<Visit>& visit)
{
    callers_.find_user(visit->caller.connection, [visit](std::optional<Uid> user) {
        if (user)
            visit->intent.carry_out();
        else
            visit->refuse(caller_has_left());
    });
}

}  // namespace priorityd::bus
