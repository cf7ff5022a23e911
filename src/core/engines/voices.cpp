// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engines/voices.hpp"

#include <utility>
#include <vector>

#include "core/authority.hpp"

namespace priorityd {
namespace {

std::string class_reason(const ProgramClass& program_class)
{
    std::string reason = "class " + program_class.name;
    if (!program_class.description.empty())
        reason.append(": ").append(program_class.description);
    return reason;
}

/// Where the value is that of the overlay in force: what to put before the reason. Nearly always there is none.
std::string overlay_reason(const ProgramClass& program_class, Setting setting)
{
    for (const auto& [overlaid, who] : program_class.overlaid) {
        if (overlaid == setting)
            return who + " over ";
    }
    return {};
}

}  // namespace

void Voice::give_class(const ProgramClass& program_class, Decision& into) const
{
    into.add({.setting = Setting::program_class,
              .value = ClassName{program_class.name},
              .source = source,
              .because = std::string{because}});
    const auto reason = class_reason(program_class);
    for (const auto& [setting, value] : program_class.settings)
        into.add({.setting = setting,
                  .value = value,
                  .source = source,
                  .because = overlay_reason(program_class, setting) + reason,
                  .origin = Contribution::Origin::from_class});
}

void Voice::give(const SettingMap& settings, Decision& into) const
{
    for (const auto& [setting, value] : settings) {
        if (setting != Setting::program_class)
            into.add({.setting = setting, .value = value, .source = source, .because = std::string{because}});
    }
}

void cap_for_users(const Limits& limits, std::size_t begin, Decision& into)
{
    std::vector<Contribution> caps;
    const auto& all = into.contributions();
    for (std::size_t i = begin; i < all.size(); ++i) {
        if (auto cap = cap_for_users(all[i].value, limits))
            caps.push_back({.setting = all[i].setting,
                            .value = *std::move(cap),
                            .source = kLimits,
                            .because = "more than users may give by themselves",
                            .origin = all[i].origin});
    }
    for (auto& cap : caps)
        into.add(std::move(cap));
}

}  // namespace priorityd
