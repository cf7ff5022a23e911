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

}  // namespace

struct Polkit::Asking {
    Question question;
    Then then;
    std::size_t next = 0;
};

Polkit::Polkit(sdbus::IConnection& connection, PolkitPatience patience)
    : authority_{compat::make_proxy(connection, kPolkitName, kAuthorityPath)}, patience_{patience}
{
}
Polkit::~Polkit() = default;

void Polkit::ask(Question question, Then then)
{
    ask_for_next(std::make_shared<Asking>(Asking{std::move(question), std::move(then)}));
}

void Polkit::ask_for_next(const std::shared_ptr<Asking>& asking)
{
    if (asking->next == asking->question.wanted.size())
        return asking->then({});
    const Privilege privilege = asking->question.wanted[asking->next++];
    if (const auto sent = caught("ask polkit", [&] { send(asking, privilege); }); !sent)
        asking->then(unasked(privilege, sent.error().message()));
}

void Polkit::send(const std::shared_ptr<Asking>& asking, Privilege privilege)
{
    const Question& question = asking->question;
    const Subject subject{"system-bus-name", {{"name", sdbus::Variant(question.connection)}}};
    const bool may_take_people = question.interaction == Interaction::allowed;
    authority_->callMethodAsync("CheckAuthorization")
        .onInterface(kAuthorityInterface)
        .withTimeout(may_take_people ? patience_.with_people : patience_.alone)
        .withArguments(subject, std::string{action_of(privilege).id}, Details{},
                       may_take_people ? kAllowUserInteraction : 0, std::string{})
        .uponReplyInvoke([this, asking, privilege](compat::CallError error, const Answer& answer) {
            const auto verdict = error ? unasked(privilege, error->getMessage())
                                       : judged(privilege, asking->question.interaction, answer);
            if (verdict)
                ask_for_next(asking);
            else
                asking->then(verdict);
        });
}

}  // namespace priorityd::bus
