// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/policy.hpp"

#include <algorithm>

namespace priorityd {
namespace {

bool names_program(const Condition& condition)
{
    return std::ranges::any_of(
        condition.all_of, [](const Term& term) { return term.key == MatchKey::name || term.key == MatchKey::exe; });
}

bool names_cpu_set(const SettingMap& settings)
{
    const auto* choice = find_value<CpuChoice>(settings, Setting::cpus);
    return choice && std::holds_alternative<CpuSetName>(*choice);
}

}  // namespace

void apply(const LimitChanges& changes, Limits& limits)
{
    if (changes.min_nice)
        limits.min_nice = changes.min_nice;
    limits.user_min_nice = changes.user_min_nice.value_or(limits.user_min_nice);
    limits.user_program_min_nice = changes.user_program_min_nice.value_or(limits.user_program_min_nice);
    limits.realtime = changes.realtime.value_or(limits.realtime);
}

const ProgramClass* Policy::find_class(std::string_view name) const
{
    const auto found = std::ranges::find(classes_, name, &ProgramClass::name);
    return found == classes_.end() ? nullptr : &*found;
}

const Overlay* Policy::find_overlay(std::string_view name) const
{
    const auto found = std::ranges::find(overlays_, name, &Overlay::name);
    return found == overlays_.end() ? nullptr : &*found;
}

Policy Policy::overlaid(const Overlay& overlay) const
{
    Policy copy = *this;
    for (const auto& change : overlay.changes) {
        auto& changed = copy.classes_[change.class_index];
        changed.settings.set(change.setting, change.value);
        changed.overlaid.emplace_back(change.setting,
                                      "profile " + overlay.name + " (" + place_text(change.place) + ")");
    }
    apply(overlay.limits, copy.settings_.limits);
    return copy;
}

std::string Policy::place_text(Place place) const
{
    return files_.at(place.file) + ':' + std::to_string(place.line);
}

std::string Policy::source_text(const Rule& rule) const
{
    auto text = place_text(rule.place);
    if (rule.origin != Rule::kNone)
        text.append(" (").append(place_text(origins_[rule.origin])).append(")");
    return text;
}

const Condition* Policy::condition(const Rule& rule) const
{
    return rule.condition == Rule::kNone ? nullptr : &conditions_[rule.condition];
}

const SettingMap* Policy::own_settings(const Rule& rule) const
{
    return rule.settings == Rule::kNone ? nullptr : &own_settings_[rule.settings];
}

std::string_view Policy::exact_name(const Rule& rule) const
{
    return rule.name == Rule::kNone ? std::string_view{} : index_.text_at(rule.name);
}

Certainty Policy::certainty_by_exe(const Snapshot& process) const
{
    std::vector<std::uint32_t> reached;
    candidates(process.names, reached);
    auto certainty = Certainty::silent;
    for (const auto number : reached) {
        const auto* asked = condition(rules_[number]);
        if (asked && !names_program(*asked))
            continue;
        if (asked && !missing(*asked, process).empty())
            return Certainty::unsure;
        if (!asked || matches(*asked, process))
            certainty = Certainty::certain;
    }
    return certainty;
}

bool Policy::names_cpu_sets() const
{
    return std::ranges::any_of(classes_, names_cpu_set, &ProgramClass::settings) ||
           std::ranges::any_of(own_settings_, names_cpu_set);
}

}  // namespace priorityd
