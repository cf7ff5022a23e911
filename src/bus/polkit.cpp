// SPDX-License-Identifier: GPL-3.0-or-later
/// Asks polkit whether a caller may do something. Source: the reference of org.freedesktop.PolicyKit1.Authority.
#include "bus/polkit.hpp"

#include <cstddef>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "bus/errors.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {
namespace {

constexpr const char* kPolkitName = "org.freedesktop.PolicyKit1";
constexpr const char* kAuthorityPath = "/org/freedesktop/PolicyKit1/Authority";
constexpr const char* kAuthorityInterface = "org.freedesktop.PolicyKit1.Authority";

constexpr std::uint32_t kAllowUserInteraction = 1;

using Details = std::map<std::string, std::string>;
using Subject = sdbus::Struct<std::string, std::map<std::string, sdbus::Variant>>;
/// Whether it is allowed; whether it would be after a password was given; more.
using Answer = sdbus::Struct<bool, bool, Details>;

struct Action {
    std::string_view id;
    std::string_view what;
};

Action action_of(Privilege privilege)
{
    switch (privilege) {
        case Privilege::inspect: return {"org.priorityd1.inspect", "to see which programs and scripts other users run"};
        case Privilege::lower_own: return {"org.priorityd1.lower-own", "to lower own processes"};
        case Privilege::raise_own: return {"org.priorityd1.raise-own", "to raise own processes"};
        case Privilege::persist: return {"org.priorityd1.persist", "to make what outlives the daemon"};
        case Privilege::reload: return {"org.priorityd1.reload", "to have settings and rules read again"};
        case Privilege::switch_profile: return {"org.priorityd1.switch-profile", "to bring another profile into force"};
        case Privilege::modify_any: break;
    }
    return {"org.priorityd1.modify-any",
            "to change processes of others, to use real-time classes or to go beyond the limits for users"};
}

Refusal refusal(Privilege privilege, const std::string& because)
{
    const Action action = action_of(privilege);
    return {Refusal::Kind::not_authorised,
            fmt::format("you are not allowed {} ({}): {}", action.what, action.id, because)};
}

Verdict<void> judged(Privilege privilege, Interaction interaction, const Answer& answer)
{
    if (answer.get<0>())
        return {};
    const bool needs_password = answer.get<1>() && interaction == Interaction::forbidden;
    return tl::unexpected{refusal(privilege, needs_password
                                                 ? "it takes a password, and this call does not let a person "
                                                   "be asked for one: allow that, or try sudo"
                                                 : "try sudo")};
}

Verdict<void> unasked(Privilege privilege, const std::string& because)
{
    return tl::unexpected{
        refusal(privilege, fmt::format("polkit cannot be asked ({}), so only root may: try sudo", because))};
}

/// Unique among those that this connection has open.
std::string cancellation_id(std::uint64_t ticket)
{
    return fmt::format("priorityd-{}", ticket);
}

/// Whether polkit may still be thinking.
bool is_late(const sdbus::Error& error)
{
    const std::string_view name{error.getName()};
    return name == "org.freedesktop.DBus.Error.NoReply" || name == "org.freedesktop.DBus.Error.Timeout";
}

}  // namespace

Polkit::Polkit(sdbus::IConnection& connection, PolkitPatience patience)
    : authority_{compat::make_proxy(connection, kPolkitName, kAuthorityPath)}, patience_{patience}
{
}
Polkit::~Polkit() = default;

Polkit::Ticket Polkit::ask(Question question, Then then)
{
    const Ticket ticket = ++last_;
    open_.emplace(ticket, Asking{.question = std::move(question), .then = std::move(then)});
    ask_for_next(ticket);
    return ticket;
}

void Polkit::withdraw(Ticket ticket)
{
    const auto found = open_.find(ticket);
    if (found == open_.end())
        return;
    cancel(ticket);
    const Asking& asking = found->second;
    end(ticket, tl::unexpected{refusal(asking.question.wanted[asking.next], "nobody waits for the answer any more")});
}

void Polkit::ask_for_next(Ticket ticket)
{
    const Asking& asking = open_.at(ticket);
    if (asking.next == asking.question.wanted.size())
        return end(ticket, {});
    if (const auto sent = caught("ask polkit", [&] { send(ticket, asking); }); !sent)
        end(ticket, unasked(asking.question.wanted[asking.next], sent.error().message()));
}

void Polkit::send(Ticket ticket, const Asking& asking)
{
    const Privilege privilege = asking.question.wanted[asking.next];
    const Interaction interaction = asking.question.interaction;
    const Subject subject{"system-bus-name", {{"name", sdbus::Variant(asking.question.connection)}}};
    const bool may_take_people = interaction == Interaction::allowed;
    authority_->callMethodAsync("CheckAuthorization")
        .onInterface(kAuthorityInterface)
        .withTimeout(may_take_people ? patience_.with_people : patience_.alone)
        .withArguments(subject, std::string{action_of(privilege).id}, Details{},
                       may_take_people ? kAllowUserInteraction : 0, cancellation_id(ticket))
        .uponReplyInvoke([this, ticket, privilege, interaction](compat::CallError error, const Answer& answer) {
            if (error && is_late(*error))
                cancel(ticket);
            hear(ticket, error ? unasked(privilege, error->getMessage()) : judged(privilege, interaction, answer));
        });
}

/// An answer to what has been withdrawn meanwhile is no answer.
void Polkit::hear(Ticket ticket, const Verdict<void>& verdict)
{
    const auto found = open_.find(ticket);
    if (found == open_.end())
        return;
    if (!verdict)
        return end(ticket, verdict);
    ++found->second.next;
    ask_for_next(ticket);
}

/// Nothing is waited for. A polkit that does not run has nothing to cancel, and is not started for it.
void Polkit::cancel(Ticket ticket)
{
    (void)caught("cancel a question to polkit", [&] {
        auto call = compat::make_call(*authority_, kAuthorityInterface, "CancelCheckAuthorization");
        call << cancellation_id(ticket);
        call.dontExpectReply();
        compat::start_nobody(call);
        (void)authority_->callMethod(call);
    });
}

void Polkit::end(Ticket ticket, const Verdict<void>& verdict)
{
    const auto asking = open_.extract(ticket);
    asking.mapped().then(verdict);
}

}  // namespace priorityd::bus
