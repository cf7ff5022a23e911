// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engines/overrides.hpp"

#include <string>

#include "core/engines/voices.hpp"

namespace priorityd {
namespace {

std::string reason_of(const Override& one)
{
    std::string reason = "asked for by user " + std::to_string(raw(one.owner));
    if (!one.reason.empty())
        reason.append(": ").append(one.reason);
    return reason;
}

}  // namespace

void OverridesEngine::judge(const Snapshot& process, Instant /*now*/, Decision& into) const
{
    for (const Override* one : table_->fitting(process)) {
        const std::size_t begin = into.contributions().size();
        const auto reason = reason_of(*one);
        const Voice voice{.source = source_of(*one), .because = reason};
        const auto* class_name = find_value<ClassName>(one->settings, Setting::program_class);
        const auto* program_class = class_name ? policy_->find_class(class_name->text) : nullptr;
        if (program_class)  // a later policy may lack it
            voice.give_class(*program_class, into);
        voice.give(one->settings, into);
        if (one->is_capped)
            cap_for_users(policy_->settings().limits, begin, into);
    }
}

}  // namespace priorityd
