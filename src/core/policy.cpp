// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/policy.hpp"

#include <algorithm>

namespace priorityd {
namespace {

bool names_cpu_set(const SettingMap& settings)
{
    const auto* choice = find_value<CpuChoice>(settings, Setting::cpus);
    return choice && std::holds_alternative<CpuSetName>(*choice);
}

}  // namespace

const ProgramClass* Policy::find_class(std::string_view name) const
{
    const auto found = std::ranges::find(classes_, name, &ProgramClass::name);
    return found == classes_.end() ? nullptr : &*found;
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

Certainty Policy::certainty_by_name(const Names& names) const
{
    std::vector<std::uint32_t> reached;
    candidates(names, reached);
    if (reached.empty())
        return Certainty::silent;
    const auto has_condition = [this](std::uint32_t number) { return condition(rules_[number]) != nullptr; };
    return std::ranges::any_of(reached, has_condition) ? Certainty::unsure : Certainty::certain;
}

bool Policy::names_cpu_sets() const
{
    return std::ranges::any_of(classes_, names_cpu_set, &ProgramClass::settings) ||
           std::ranges::any_of(own_settings_, names_cpu_set);
}

}  // namespace priorityd
