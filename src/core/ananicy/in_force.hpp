// SPDX-License-Identifier: GPL-3.0-or-later
/// Of lines for the same programs, types or groups the one that holds: the last.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/ananicy/complaints.hpp"
#include "core/ananicy/tree.hpp"

namespace priorityd::ananicy {

class InForce {
public:
    /// Looks through the tree, which must outlive this and stay as it is; earlier lines that say something else are
    /// told of.
    InForce(const Tree& tree, Complaints& complaints);

    // Null when there is none of that name.
    [[nodiscard]] const TypeLine* type(std::string_view name) const;
    [[nodiscard]] const CgroupLine* cgroup(std::string_view name) const;

    /// Whether the rule, which is for its name whatever the arguments, holds.
    [[nodiscard]] bool holds(std::uint32_t rule) const;
    /// The rules that ask for arguments, ascending.
    [[nodiscard]] std::vector<std::uint32_t> with_arguments() const;
    /// Those of them that are for this name.
    [[nodiscard]] std::vector<std::uint32_t> with_arguments(std::string_view name) const;
    /// Names with a rule for the name alone, in no order.
    [[nodiscard]] std::vector<std::string_view> names() const;

private:
    void look_at_types();
    void look_at_rule(std::uint32_t number);
    void look_at_arguments(std::uint32_t number);
    /// The later line takes the place of the known one.
    void replace(std::uint32_t& known, std::uint32_t later);
    [[nodiscard]] bool is_equal(const RuleLine& a, const RuleLine& b) const;

    const Tree* tree_;
    Complaints* complaints_;
    std::unordered_map<std::string_view, const TypeLine*> types_;
    std::unordered_map<std::string_view, const CgroupLine*> cgroups_;
    std::unordered_map<std::string_view, std::uint32_t> by_name_;
    std::unordered_map<std::string, std::uint32_t> by_arguments_;  // by name and arguments
    std::unordered_multimap<std::string_view, std::uint32_t> with_arguments_;
};

}  // namespace priorityd::ananicy
