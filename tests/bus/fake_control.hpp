// SPDX-License-Identifier: GPL-3.0-or-later
/// A Control that keeps overrides and rules without doing anything with them, and records what it was asked.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/control.hpp"
#include "fake_inspection.hpp"

namespace priorityd::test {

/// Knows the processes that it is told of and the classes "build" and "media". Rules that say "nonsense" are refused.
class FakeControl final : public Control {
public:
    using Files = std::vector<std::pair<std::string, std::string>>;

    Privileges needs{Privilege::lower_own};  ///< Of every plan.
    std::optional<Refusal> no_plan;          ///< What every plan comes to instead.
    std::optional<Refusal> failure;          ///< What comes of every plan that is carried out.
    bool is_slow = false;                    ///< Whether answers wait in `late` until they are called.
    OverrideListener* listener = nullptr;

    std::vector<Caller> callers;            ///< Of each plan that was asked for.
    std::vector<OverrideRequest> requests;  ///< Of each override that was to be planned.
    std::vector<OverridePlan> added;        ///< Carried out.
    std::vector<std::string> removed;       ///< Ids that were to be removed.
    std::vector<Files> rules;               ///< Planned.
    std::vector<Uid> rule_users;            ///< Whose rules were taken into use.
    std::vector<Uid> forgotten_users;
    std::vector<std::string> forgotten_callers;
    std::vector<bool> pidfds;           ///< Whether each that was given is an open descriptor here.
    std::optional<ProcessKey> focused;  ///< The last that was named.
    int next_id = 1;
    std::vector<OverrideView> kept;
    std::vector<ProcessKey> processes{compiler().key, hostile().key};  ///< That are there.
    std::vector<std::pair<Done, Verdict<std::string>>> late;

    [[nodiscard]] Verdict<OverridePlan> plan_override(OverrideRequest request, const Caller& caller) override
    {
        callers.push_back(caller);
        requests.push_back(request);
        if (no_plan)
            return tl::unexpected{*no_plan};
        if (const auto* wanted = find_value<ClassName>(request.settings, Setting::program_class);
            wanted && wanted->text != "build" && wanted->text != "media")
            return refuse(Refusal::Kind::unknown_class, "no class \"" + wanted->text + "\"; known are: build, media");
        auto target = resolved(request.target);
        if (!target)
            return tl::unexpected{target.error()};
        return OverridePlan{.draft = {.id = {},
                                      .target = *std::move(target),
                                      .settings = request.settings,
                                      .owner = caller.uid,
                                      .is_for_everybody = request.is_for_everybody,
                                      .is_permanent = request.is_permanent,
                                      .ends = {},
                                      .connection = request.is_while_connected ? caller.connection : std::string{},
                                      .reason = request.reason,
                                      .created = {}},
                            .lifetime = request.lifetime,
                            .needs = needs};
    }

    void add_override(OverridePlan plan, Done done) override
    {
        added.push_back(plan);
        if (failure)
            return answer(std::move(done), tl::unexpected{*failure});
        plan.draft.id = std::to_string(next_id++);
        plan.draft.created = std::chrono::sys_seconds{std::chrono::seconds{1'700'000'000}};
        kept.push_back({.kept = plan.draft, .remaining = plan.lifetime, .processes = 1});
        answer(std::move(done), plan.draft.id);
        tell({plan.draft.id}, {});
    }

    [[nodiscard]] Verdict<Privileges> plan_removal(const std::string& id, const Caller& caller) override
    {
        callers.push_back(caller);
        if (no_plan)
            return tl::unexpected{*no_plan};
        if (std::ranges::none_of(kept, [&](const OverrideView& view) { return view.kept.id == id; }))
            return refuse(Refusal::Kind::no_such_override, "no override " + id + ": \"priorityctl overrides\" has all");
        return needs;
    }

    void remove_override(const std::string& id, Done done) override
    {
        removed.push_back(id);
        if (failure)
            return answer(std::move(done), tl::unexpected{*failure});
        drop([&](const Override& one) { return one.id == id; });
        answer(std::move(done), id);
    }

    [[nodiscard]] std::vector<OverrideView> overrides() const override { return kept; }

    [[nodiscard]] Verdict<UserRulesPlan> plan_user_rules(const Files& files, const Caller& caller) override
    {
        callers.push_back(caller);
        rules.push_back(files);
        if (no_plan)
            return tl::unexpected{*no_plan};
        UserRulesPlan plan{.uid = caller.uid, .files = {}, .rules = 0, .diagnostics = {}, .needs = needs};
        for (const auto& [name, text] : files) {
            if (text.find("nonsense") != std::string::npos)
                return refuse(Refusal::Kind::invalid_rules, name + ":1:1: error: unknown key \"nonsense\"");
            plan.files.push_back({.kind = PolicyFile::Kind::rules, .path = name, .text = text, .error = {}});
            plan.rules += 1;
        }
        if (!files.empty())
            plan.diagnostics = {{Diagnostic::Level::warning, files.front().first, 2, 1, "is of no use"}};
        return plan;
    }

    void use_user_rules(UserRulesPlan plan) override { rule_users.push_back(plan.uid); }
    void forget_user(Uid uid) override { forgotten_users.push_back(uid); }

    void forget_caller(const std::string& connection) override
    {
        forgotten_callers.push_back(connection);
        drop([&](const Override& one) { return one.connection == connection; });
    }

    [[nodiscard]] Verdict<ProcessKey> plan_foreground(int pidfd, const Caller& caller) override
    {
        callers.push_back(caller);
        pidfds.push_back(::fcntl(pidfd, F_GETFD) >= 0);
        if (no_plan)
            return tl::unexpected{*no_plan};
        return processes.front();
    }
    void use_foreground(const std::optional<ProcessKey>& process) override { focused = process; }
    [[nodiscard]] std::optional<ProcessKey> foreground() const override { return focused; }

    /// Gives the answers that were kept back.
    void give_late_answers()
    {
        for (const auto& [done, verdict] : std::exchange(late, {}))
            done(verdict);
    }

private:
    [[nodiscard]] Verdict<OverrideTarget> resolved(const decltype(OverrideRequest::target)& target) const
    {
        if (const auto* pattern = std::get_if<PatternTarget>(&target))
            return OverrideTarget{*pattern};
        const auto& wanted = std::get<OverrideRequest::Process>(target);
        for (const ProcessKey& key : processes) {
            if (key.pid == wanted.pid && wanted.start_ticks.value_or(key.start_ticks) == key.start_ticks)
                return OverrideTarget{key};
        }
        return refuse(Refusal::Kind::no_such_process, "no process " + std::to_string(raw(wanted.pid)));
    }

    void answer(Done done, Verdict<std::string> verdict)
    {
        if (is_slow)
            late.emplace_back(std::move(done), std::move(verdict));
        else
            done(std::move(verdict));
    }

    template <typename Claim>
    void drop(Claim is_meant)
    {
        std::vector<std::string> ids;
        for (const OverrideView& view : kept) {
            if (is_meant(view.kept))
                ids.push_back(view.kept.id);
        }
        std::erase_if(kept, [&](const OverrideView& view) { return is_meant(view.kept); });
        tell({}, ids);
    }

    void tell(const std::vector<std::string>& come, const std::vector<std::string>& gone) const
    {
        if (listener && !(come.empty() && gone.empty()))
            listener->overrides_changed(come, gone);
    }
};

}  // namespace priorityd::test
