// SPDX-License-Identifier: GPL-3.0-or-later
/// The rules that users bring along: what is taken of them, and what trust they want.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/authority.hpp"
#include "core/steering.hpp"
#include "core/text.hpp"

namespace priorityd {
namespace {

using Kind = Refusal::Kind;
using Limit = SteeringLimits;

/// What the rules of a user give, class by class and rule by rule, at its most.
bool raises(const Policy& rules, const Limits& limits)
{
    const auto is_raise = [&](const SettingMap& settings) {
        return needed_for(settings, Reach::own, limits) != Privileges{Privilege::lower_own};
    };
    return std::ranges::any_of(rules.rules(), [&](const Rule& rule) {
        const auto* own = rules.own_settings(rule);
        const bool has_class = rule.class_index != Rule::kNone;
        return (has_class && is_raise(rules.classes()[rule.class_index].settings)) || (own && is_raise(*own));
    });
}

std::optional<std::string> name_fault(const std::string& name)
{
    constexpr std::size_t kLongestName = 255;  // NAME_MAX, limits.h
    const bool is_plain = !name.empty() && name.size() <= kLongestName && name.find('/') == std::string::npos &&
                          name.find('\0') == std::string::npos && name.ends_with(".toml") && !name.starts_with('.');
    if (is_plain)
        return std::nullopt;
    return fmt::format("\"{}\" is no name of a rule file: expected a name without slash that ends in .toml",
                       escaped(name));
}

std::vector<PolicyFile> files_of(Uid user, std::vector<std::pair<std::string, std::string>> files)
{
    std::ranges::sort(files, {}, &std::pair<std::string, std::string>::first);
    std::vector<PolicyFile> read;
    read.reserve(files.size());
    for (auto& [name, text] : files)
        read.push_back({.kind = PolicyFile::Kind::rules,
                        .path = fmt::format("user {}: {}", raw(user), name),
                        .text = std::move(text),
                        .error = {}});
    return read;
}

}  // namespace

Verdict<UserRulesPlan> Steering::plan_user_rules(const std::vector<std::pair<std::string, std::string>>& files,
                                                 const Caller& caller)
{
    if (auto ok = check_rate(caller.uid); !ok)
        return tl::unexpected(ok.error());
    std::size_t bytes = 0;
    for (const auto& [name, text] : files) {
        bytes += text.size();
        if (const auto fault = name_fault(name))
            return refuse(Kind::invalid_rules, *fault);
    }
    if (files.size() > Limit::kRuleFiles || bytes > Limit::kRuleBytes)
        return refuse(Kind::limit_reached,
                      fmt::format("{} files with {} bytes: at most {} files with {} bytes in all are taken of a user",
                                  files.size(), bytes, Limit::kRuleFiles, Limit::kRuleBytes));
    UserRulesPlan plan{.uid = caller.uid, .files = files_of(caller.uid, files)};
    const auto reading = read_policy(plan.files, parts_.accounts, policy_.get());
    const auto error = std::ranges::find(reading.diagnostics, Diagnostic::Level::error, &Diagnostic::level);
    if (error != reading.diagnostics.end())
        return refuse(Kind::invalid_rules, error->to_text());
    if (const auto& overlays = reading.policy->overlays(); !overlays.empty())
        return refuse(Kind::invalid_rules,
                      fmt::format("{}: a profile is for the whole machine, so rules of a user may have none: an "
                                  "administrator defines it in /etc/priorityd/rules.d",
                                  reading.policy->place_text(overlays.front().place)));
    if (reading.policy->rules().size() > Limit::kRules)
        return refuse(Kind::limit_reached, fmt::format("{} rules: at most {} are taken of a user",
                                                       reading.policy->rules().size(), Limit::kRules));
    plan.rules = static_cast<std::uint32_t>(reading.policy->rules().size());
    plan.diagnostics = reading.diagnostics;
    if (!files.empty())
        plan.needs = {raises(*reading.policy, policy_->settings().limits) ? Privilege::raise_own
                                                                          : Privilege::lower_own};
    return plan;
}

void Steering::use_user_rules(UserRulesPlan plan)
{
    if (plan.files.empty())
        return forget_user(plan.uid);
    user_files_.insert_or_assign(plan.uid, std::move(plan.files));
    (void)use(policy_);  // that they have no errors was part of the plan
    parts_.request_scan();
}

void Steering::forget_user(Uid uid)
{
    if (user_files_.erase(uid) == 0)
        return;
    user_rules_.erase(uid);
    use_layers();
    parts_.request_scan();
}

}  // namespace priorityd
