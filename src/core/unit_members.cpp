// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unit_members.hpp"

#include <algorithm>
#include <utility>

#include "core/unit_split.hpp"

namespace priorityd {
namespace {

/// What no weight amounts to. Source: systemd.resource-control(5).
const CpuWeight kUsualCpu{};
const IoWeight kUsualIo = *IoWeight::make(100);

std::optional<CpuWeight> more(const std::optional<CpuWeight>& left, const std::optional<CpuWeight>& right)
{
    return left.value_or(kUsualCpu).value >= right.value_or(kUsualCpu).value ? left : right;
}

std::optional<IoWeight> more(const std::optional<IoWeight>& left, const std::optional<IoWeight>& right)
{
    return left.value_or(kUsualIo) >= right.value_or(kUsualIo) ? left : right;
}

Weights more(const Weights& left, const Weights& right)
{
    return {more(left.cpu, right.cpu), more(left.io, right.io)};
}

/// The same without what raises.
Weights lowering_of(const Weights& wish)
{
    Weights lowering;
    if (wish.cpu && wish.cpu->value < kUsualCpu.value)
        lowering.cpu = wish.cpu;
    if (wish.io && *wish.io < kUsualIo)
        lowering.io = wish.io;
    return lowering;
}

}  // namespace

bool UnitMembers::add(Pid pid, const UnitWish& wish)
{
    heirs_.erase(pid);
    const auto [member, is_new] = members_.try_emplace(pid, wish);
    if (is_new)
        return true;
    if (std::exchange(member->second, wish) == wish)
        return false;
    heirs_.clear();  // what they have from it is found out anew
    others_.clear();
    return true;
}

void UnitMembers::remove(Pid pid)
{
    members_.erase(pid);
    heirs_.erase(pid);
    moved_.erase(pid);
}

const Weights* UnitMembers::wish_of(Pid pid) const
{
    if (const auto member = members_.find(pid); member != members_.end())
        return &member->second.weights;
    const auto heir = heirs_.find(pid);
    return heir == heirs_.end() ? nullptr : &heir->second;
}

Weights UnitMembers::wish(Pid pid) const
{
    const Weights* wish = wish_of(pid);
    return wish ? *wish : Weights{};
}

bool UnitMembers::add_heir(Pid pid, Pid parent)
{
    const Weights* wish = wish_of(parent);
    if (!wish || members_.contains(pid))
        return false;
    const Weights inherited = lowering_of(*wish);
    if (inherited.empty())
        return false;
    heirs_.insert_or_assign(pid, inherited);
    return true;
}

std::vector<Pid> UnitMembers::look(const std::vector<Pid>& present)
{
    std::vector<Pid> strangers;
    std::set<Pid> others;
    std::map<Pid, Weights> heirs;
    for (const Pid pid : present) {
        if (members_.contains(pid))
            continue;
        if (const auto heir = heirs_.find(pid); heir != heirs_.end()) {
            heirs.insert(*heir);
            continue;
        }
        others.insert(pid);
        if (!others_.contains(pid))
            strangers.push_back(pid);
    }
    heirs_ = std::move(heirs);
    others_ = std::move(others);
    std::erase_if(moved_, [&](Pid pid) { return std::ranges::find(present, pid) == present.end(); });
    std::ranges::sort(strangers);  // parents before their children, as a rule
    return strangers;
}

/// Some may have become members or heirs since the look.
bool UnitMembers::has_others() const
{
    return std::ranges::any_of(others_, [&](Pid pid) { return !wish_of(pid); });
}

bool UnitMembers::is_pressing() const
{
    return std::ranges::any_of(members_, [](const auto& one) { return one.second.urgency == Urgency::pressing; });
}

std::vector<Pid> UnitMembers::who_differs() const
{
    auto all = heirs_;
    for (const auto& [pid, wish] : members_)
        all.insert_or_assign(pid, wish.weights);
    std::erase_if(all, [&](const auto& one) { return moved_.contains(one.first); });
    return priorityd::who_differs(all, has_others() || !moved_.empty());
}

UnitMembers::Common UnitMembers::common() const
{
    if (members_.empty())
        return {};
    Weights wish = members_.begin()->second.weights;
    for (const auto& [pid, one] : members_)
        wish = more(wish, one.weights);
    for (const auto& [pid, one] : heirs_)
        wish = more(wish, one);
    if (!has_others() || is_pressing())
        return {wish, false};
    const Weights limited = more(wish, {});
    return {limited, limited != wish};
}

}  // namespace priorityd
