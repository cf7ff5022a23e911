// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engines/inheritance.hpp"

#include <algorithm>
#include <string>

#include "core/direction.hpp"

namespace priorityd {
namespace {

Direction direction_of(const Inherited& one)
{
    return direction(one.before, one.present);
}

/// What has no better and worse, like a set of CPUs, goes the way of the rest.
bool stays(const Inherited& one, bool is_lowered_otherwise)
{
    if (one.children)
        return *one.children == ChildrenPolicy::inherit;
    const auto moved = direction_of(one);
    return moved == Direction::lowered || (moved == Direction::sideways && is_lowered_otherwise);
}

/// Put together by hand: see rules.cpp.
std::string origin_text(const Inherited& one, const ProcessKey& process)
{
    if (one.from == process)
        return one.from_name + ", which this process ran before";
    return one.from_name + " (pid " + std::to_string(raw(one.from.pid)) + ")";
}

std::string reason(const Inherited& one, const ProcessKey& process, bool stays)
{
    const std::string origin = origin_text(one, process);
    if (one.children)
        return "came along from " + origin + ", for which children = \"" + (stays ? "inherit" : "reset") + "\"";
    if (stays)
        return "came along from " + origin + ", which was lowered: its children stay lowered";
    if (one.present == one.before)
        return origin + " has been put back to what it had before, and its children with it";
    return origin + " was raised: its children start from what it had before";
}

}  // namespace

bool stays_with_parent(const Snapshot& process)
{
    return std::ranges::any_of(process.inherited, [](const Inherited& one) { return stays(one, false); });
}

void InheritanceEngine::judge(const Snapshot& process, Instant /*now*/, Decision& into) const
{
    const auto& inherited = process.inherited;
    const bool is_lowered =
        std::ranges::any_of(inherited, [](const Inherited& one) { return direction_of(one) == Direction::lowered; });
    for (const auto& one : inherited) {
        const bool keeps = stays(one, is_lowered);
        into.add({.setting = one.setting,
                  .value = keeps ? one.present : one.before,
                  .source = one.source,
                  .because = reason(one, process.key, keeps),
                  .origin = one.children ? Contribution::Origin::own : Contribution::Origin::from_class});
    }
    // So that the children of this process in turn are treated like it.
    const auto spoken = std::ranges::find_if(inherited, [](const Inherited& one) { return one.children.has_value(); });
    if (spoken != inherited.end())
        into.add({.setting = Setting::children,
                  .value = *spoken->children,
                  .source = spoken->source,
                  .because = "came along from " + origin_text(*spoken, process.key)});
}

}  // namespace priorityd
