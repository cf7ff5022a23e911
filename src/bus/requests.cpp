// SPDX-License-Identifier: GPL-3.0-or-later
/// What callers want changed: each request goes through the gate, is done by the Control, and is answered.
#include "bus/requests.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "bus/marshal.hpp"

namespace priorityd::bus {
namespace {

template <typename Slip>
Gate::Refuse refuse_with(const Slip& slip)
{
    return [slip](const Refusal& refusal) { slip.refuse(refusal); };
}

void answer(const Replies::Slip<std::string>& slip, const Verdict<std::string>& text)
{
    if (text)
        slip.give(*text);
    else
        slip.refuse(text.error());
}

void confirm(const Replies::Slip<>& slip, const Verdict<void>& done)
{
    if (done)
        slip.give();
    else
        slip.refuse(done.error());
}

Refusal refused_rules(const ReloadReport& report)
{
    const auto is_error = [](const Diagnostic& one) { return one.level == Diagnostic::Level::error; };
    const auto errors = std::ranges::count_if(report.diagnostics, is_error);
    const auto first = std::ranges::find_if(report.diagnostics, is_error);
    return {Refusal::Kind::invalid_rules,
            fmt::format("the old policy stays in force ({} rules), because the files have {} error{}{}", report.rules,
                        errors, errors == 1 ? "" : "s",
                        first == report.diagnostics.end() ? "" : "; the first: " + first->to_text())};
}

}  // namespace

Requests::Requests(sdbus::IConnection& connection, Callers& callers, Gate& gate, Inspection& inspection,
                   Control& control, Learning& learning, OverlayControl& overlays, Sessions& sessions)
    : gate_{gate},
      inspection_{inspection},
      control_{control},
      learning_{learning},
      overlays_{overlays},
      sessions_{sessions},
      tethers_{
          std::make_shared<Tethers>(callers, [&control](const std::string& left) { control.forget_caller(left); })},
      logouts_{callers, [&control](Uid user) { control.forget_user(user); }},
      foreground_{connection, callers, control}
{
}

void Requests::add_override(const Call& call, OverrideRequest request, Replies::Slip<std::string> slip)
{
    const auto plan = [this, request = std::move(request), slip](const Caller& caller) -> Verdict<Intent> {
        return control_.plan_override(request, caller).map([this, slip](const OverridePlan& made) {
            return Intent{.needs = made.needs, .carry_out = [this, made, slip] { make_override(made, slip); }};
        });
    };
    gate_.pass(call, plan, refuse_with(slip));
}

void Requests::make_override(const OverridePlan& plan, const Replies::Slip<std::string>& slip)
{
    const std::string& connection = plan.draft.connection;
    if (connection.empty())
        return control_.add_override(plan, [slip](const Verdict<std::string>& id) { answer(slip, id); });
    tethers_->hold(connection, [this, plan, slip](bool is_there) {
        if (is_there)
            make_tethered(plan, slip);
        else
            slip.refuse(caller_has_left());
    });
}

/// The Control's answer may come when all of this is gone.
void Requests::make_tethered(const OverridePlan& plan, const Replies::Slip<std::string>& slip)
{
    const auto done = [slip, connection = plan.draft.connection,
                       tethers = std::weak_ptr{tethers_}](const Verdict<std::string>& id) {
        if (const auto alive = tethers.lock()) {
            if (id)
                alive->tie(connection, *id);
            else
                alive->let_go(connection);
        }
        answer(slip, id);
    };
    control_.add_override(plan, done);
}

void Requests::remove_override(const Call& call, std::string id, Replies::Slip<> slip)
{
    const auto plan = [this, id = std::move(id), slip](const Caller& caller) -> Verdict<Intent> {
        return control_.plan_removal(id, caller).map([this, id, slip](const Privileges& needs) {
            return Intent{.needs = needs, .carry_out = [this, id, slip] {
                              control_.remove_override(id, [slip](const Verdict<std::string>& gone) {
                                  if (gone)
                                      slip.give();
                                  else
                                      slip.refuse(gone.error());
                              });
                          }};
        });
    };
    gate_.pass(call, plan, refuse_with(slip));
}

void Requests::use_user_rules(const Call& call, std::vector<std::pair<std::string, std::string>> files, RulesSlip slip)
{
    const auto plan = [this, files = std::move(files), slip](const Caller& caller) -> Verdict<Intent> {
        return control_.plan_user_rules(files, caller).map([this, slip](const UserRulesPlan& made) {
            return Intent{.needs = made.needs, .carry_out = [this, made, slip] { take_user_rules(made, slip); }};
        });
    };
    gate_.pass(call, plan, refuse_with(slip));
}

/// Root's rules stay: root need not be logged in.
void Requests::take_user_rules(const UserRulesPlan& plan, const RulesSlip& slip)
{
    control_.use_user_rules(plan);
    if (plan.files.empty() || plan.uid == Uid{0})
        logouts_.ignore(plan.uid);
    else
        logouts_.expect(plan.uid);
    slip.give(plan.rules, to_texts(plan.diagnostics));
}

void Requests::reload(const Call& call, RulesSlip slip)
{
    const auto plan = [this, slip](const Caller& /*caller*/) -> Verdict<Intent> {
        return Intent{.needs = {Privilege::reload}, .carry_out = [this, slip] { reload_now(slip); }};
    };
    gate_.pass(call, plan, refuse_with(slip));
}

void Requests::attach_session(const Call& call, std::vector<std::string> units, Replies::Slip<> slip)
{
    const auto plan = [this, units = std::move(units), slip](const Caller& caller) -> Verdict<Intent> {
        return Intent{.needs = {}, .carry_out = [this, caller, units, slip] {
                          sessions_.attach(caller, units,
                                           [slip](const Verdict<void>& attached) { confirm(slip, attached); });
                      }};
    };
    gate_.pass(call, plan, refuse_with(slip));
}

/// The descriptor is kept until all is said, so that its process is the one that was meant.
void Requests::set_foreground(const Call& call, const sdbus::UnixFd& pidfd, Replies::Slip<> slip)
{
    const auto plan = [this, pidfd, slip](const Caller& caller) -> Verdict<Intent> {
        return control_.plan_foreground(pidfd.get(), caller).map([&](const ProcessKey& process) {
            const auto trust =
                gate_.is_trusted(caller.uid) ? ForegroundSeat::Trust::anyhow : ForegroundSeat::Trust::at_the_machine;
            return Intent{.needs = {}, .carry_out = [this, caller, process, trust, pidfd, slip] {
                              foreground_.take(caller, process, trust,
                                               [slip, pidfd](const Verdict<void>& taken) { confirm(slip, taken); });
                          }};
        });
    };
    gate_.pass(call, plan, refuse_with(slip));
}

void Requests::lose_everybody()
{
    tethers_->part_from_all();
    foreground_.clear();
}

void Requests::accept_suggestion(const Call& call, std::string id, Replies::Slip<std::string> slip)
{
    const auto plan = [this, id = std::move(id), slip](const Caller& /*caller*/) -> Verdict<Intent> {
        return Intent{.needs = {Privilege::persist}, .carry_out = [this, id, slip] {
                          learning_.accept(id, [slip](const Verdict<std::string>& file) { answer(slip, file); });
                      }};
    };
    gate_.pass(call, plan, refuse_with(slip));
}

void Requests::reject_suggestion(const Call& call, std::string id, Replies::Slip<> slip)
{
    const auto plan = [this, id = std::move(id), slip](const Caller& /*caller*/) -> Verdict<Intent> {
        return Intent{.needs = {Privilege::persist},
                      .carry_out = [this, id, slip] { confirm(slip, learning_.reject(id)); }};
    };
    gate_.pass(call, plan, refuse_with(slip));
}

void Requests::forget_learned(const Call& call, Replies::Slip<> slip)
{
    const auto plan = [this, slip](const Caller& /*caller*/) -> Verdict<Intent> {
        return Intent{.needs = {Privilege::modify_any}, .carry_out = [this, slip] {
                          learning_.forget();
                          slip.give();
                      }};
    };
    gate_.pass(call, plan, refuse_with(slip));
}

void Requests::choose_overlay(const Call& call, std::string choice, Replies::Slip<> slip)
{
    const auto plan = [this, choice = std::move(choice), slip](const Caller& /*caller*/) -> Verdict<Intent> {
        return overlays_.check(choice).map([&] {
            return Intent{.needs = {Privilege::switch_profile}, .carry_out = [this, choice, slip] {
                              overlays_.choose(choice, [slip](const Verdict<void>& done) { confirm(slip, done); });
                          }};
        });
    };
    gate_.pass(call, plan, refuse_with(slip));
}

void Requests::reload_now(const RulesSlip& slip)
{
    const ReloadReport report = inspection_.reload();
    if (report.is_accepted)
        slip.give(report.rules, to_texts(report.diagnostics));
    else
        slip.refuse(refused_rules(report));
}

}  // namespace priorityd::bus
