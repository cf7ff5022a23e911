// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ananicy/in_force.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace priorityd::ananicy {
namespace {

/// Equal for rules that ask for the same name and arguments.
std::string name_and_arguments(const RuleLine& line)
{
    auto arguments = line.cmdlines;
    std::ranges::sort(arguments);
    std::string key = line.name;
    for (const auto& argument : arguments)
        key.append(1, '\0').append(argument);
    return key;
}

template <typename Line>
const Line* find_in(const std::unordered_map<std::string_view, const Line*>& lines, std::string_view name)
{
    const auto found = lines.find(name);
    return found == lines.end() ? nullptr : found->second;
}

}  // namespace

InForce::InForce(const Tree& tree, Complaints& complaints) : tree_{&tree}, complaints_{&complaints}
{
    look_at_types();
    for (const auto& cgroup : tree.cgroups)
        cgroups_[cgroup.name] = &cgroup;
    by_name_.reserve(tree.rules.size());
    for (std::uint32_t number = 0; number < tree.rules.size(); ++number)
        look_at_rule(number);
    for (const auto& [key, number] : by_arguments_)
        with_arguments_.emplace(tree.rules[number].name, number);
}

void InForce::look_at_types()
{
    for (const auto& type : tree_->types) {
        const auto [at, is_new] = types_.try_emplace(type.name, &type);
        if (is_new)
            continue;
        if (at->second->says != type.says)
            complaints_->warn(at->second->place,
                              fmt::format("not kept: type \"{}\" is defined again in {}, and that holds", type.name,
                                          complaints_->place_text(type.place)));
        at->second = &type;
    }
}

void InForce::look_at_rule(std::uint32_t number)
{
    const RuleLine& line = tree_->rules[number];
    if (line.name.empty())
        return;
    if (!line.cmdlines.empty())
        return look_at_arguments(number);
    const auto [at, is_new] = by_name_.try_emplace(line.name, number);
    if (!is_new)
        replace(at->second, number);
}

void InForce::look_at_arguments(std::uint32_t number)
{
    const auto [at, is_new] = by_arguments_.try_emplace(name_and_arguments(tree_->rules[number]), number);
    if (!is_new)
        replace(at->second, number);
}

void InForce::replace(std::uint32_t& known, std::uint32_t later)
{
    const RuleLine& earlier_line = tree_->rules[known];
    const RuleLine& line = tree_->rules[later];
    if (!is_equal(earlier_line, line))
        complaints_->warn(earlier_line.place, fmt::format("not kept: \"{}\" has a rule in {} too, and that holds",
                                                          line.name, complaints_->place_text(line.place)));
    known = later;
}

bool InForce::is_equal(const RuleLine& a, const RuleLine& b) const
{
    return a.type == b.type && a.name_regex == b.name_regex && tree_->says_of(a) == tree_->says_of(b);
}

const TypeLine* InForce::type(std::string_view name) const
{
    return find_in(types_, name);
}

const CgroupLine* InForce::cgroup(std::string_view name) const
{
    return find_in(cgroups_, name);
}

bool InForce::holds(std::uint32_t rule) const
{
    const RuleLine& line = tree_->rules[rule];
    return !line.name.empty() && line.cmdlines.empty() && by_name_.at(line.name) == rule;
}

std::vector<std::uint32_t> InForce::with_arguments() const
{
    std::vector<std::uint32_t> rules;
    rules.reserve(by_arguments_.size());
    for (const auto& [key, number] : by_arguments_)
        rules.push_back(number);
    std::ranges::sort(rules);
    return rules;
}

std::vector<std::uint32_t> InForce::with_arguments(std::string_view name) const
{
    std::vector<std::uint32_t> rules;
    for (auto [at, end] = with_arguments_.equal_range(name); at != end; ++at)
        rules.push_back(at->second);
    std::ranges::sort(rules);
    return rules;
}

std::vector<std::string_view> InForce::names() const
{
    std::vector<std::string_view> names;
    names.reserve(by_name_.size());
    for (const auto& [name, number] : by_name_)
        names.push_back(name);
    return names;
}

}  // namespace priorityd::ananicy
