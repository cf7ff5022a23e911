// SPDX-License-Identifier: GPL-3.0-or-later
/// What the files of ananicy say, line by line, before one line is held against another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ananicy/says.hpp"
#include "core/diagnostic.hpp"
#include "core/policy.hpp"
#include "core/units.hpp"

namespace priorityd::ananicy {

struct RuleLine {
    static constexpr std::uint32_t kNone = ~0U;

    Place place;
    std::string name;                   ///< Empty when the rule has a regular expression alone.
    std::string type;                   ///< Empty when it has none.
    std::uint32_t says = kNone;         ///< Into Tree::says: most rules name their type and say nothing else.
    std::vector<std::string> cmdlines;  ///< Each has to be one of the arguments.
    std::string name_regex;
};

struct TypeLine {
    Place place;
    std::string name;
    Says says;
};

struct CgroupLine {
    Place place;
    std::string name;
    std::string quota;                ///< As it was written; empty when there is none.
    std::optional<CpuWeight> weight;  ///< CPUWeight, of ananicy-rs.
};

/// In the order of reading.
struct Tree {
    std::vector<RuleLine> rules;
    std::vector<TypeLine> types;
    std::vector<CgroupLine> cgroups;
    std::vector<Says> says;
    Switches switches;
    bool has_rules = true, has_types = true, has_cgroups = true;  ///< Whether ananicy.conf lets them be read.

    /// What the rule says beside its type.
    [[nodiscard]] const Says& says_of(const RuleLine& line) const;
};

/// A file and the number that Place knows it by.
struct SourceFile {
    std::uint32_t number = 0;
    std::string path;
};

/// Reads a file of rules, types or control groups: lines say by their keys what they are. What cannot be kept becomes a
/// warning.
void read_lines(const SourceFile& file, std::string_view text, Tree& into, Diagnostics& diagnostics);

/// Reads ananicy.conf. What it switches off, and what has no counterpart, becomes a warning.
void read_conf(const std::string& path, std::string_view text, Tree& into, Diagnostics& diagnostics);

}  // namespace priorityd::ananicy
