// SPDX-License-Identifier: GPL-3.0-or-later
/// From what the files of ananicy say to the classes and rules that mean the same here.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/ananicy/tree.hpp"
#include "core/diagnostic.hpp"
#include "core/policy.hpp"
#include "core/rule_draft.hpp"

namespace priorityd::ananicy {

struct Catalogue {
    std::vector<ProgramClass> classes;  ///< The types.
    std::vector<RuleDraft> rules;       ///< Lowest precedence first. Each has its origin.
};

/// Whether the rule only gives a name its class: a line of [programs] in TOML.
[[nodiscard]] bool is_short(const RuleDraft& rule);

/// Whether a class of this name means something else already.
using IsTaken = std::function<bool(const std::string& class_name)>;

/// Whether a class was made from a type of ananicy, now or in a file that was imported: known by its description.
[[nodiscard]] bool is_type(const ProgramClass& program_class);

/// Joins rules with their types. Of two lines for the same programs the later holds, whole. A rule for a name wins over
/// one for a regular expression, and one that also asks for arguments over both; for a process of several names, one
/// with settings of its own over one with a class alone, so that the order is the one that TOML can have. Classes have
/// the names of types, with "ananicy-" in front where that is taken. What cannot be kept becomes a warning. `files` are
/// all that the tree was read from.
[[nodiscard]] Catalogue make_catalogue(Tree tree, const std::vector<SourceFile>& files, const IsTaken& is_taken,
                                       Diagnostics& diagnostics);

}  // namespace priorityd::ananicy
