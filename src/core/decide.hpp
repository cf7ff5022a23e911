// SPDX-License-Identifier: GPL-3.0-or-later
/// From what is known of a process to the decision about it: engines in order, then the limits.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/decision.hpp"
#include "core/engine.hpp"
#include "core/engines/user_rules.hpp"
#include "core/explain.hpp"
#include "core/ids.hpp"
#include "core/overrides.hpp"
#include "core/policy.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// All that rules and people say: immutable values, each swapped whole between two events. None of them is null.
struct Layers {
    std::shared_ptr<const Policy> policy;
    std::shared_ptr<const UserRules> user_rules = std::make_shared<const UserRules>();
    std::shared_ptr<const OverrideTable> overrides = std::make_shared<const OverrideTable>();

    /// False when nothing could come to match by a process taking this comm: cheap, for COMM events.
    [[nodiscard]] bool could_match(std::string_view comm) const;
    /// Whether anything depends on the user that a process runs as.
    [[nodiscard]] bool needs_owner() const;
};

/// The engines in force, lowest precedence first. To add an engine, add it to make_engines().
using Engines = std::vector<std::unique_ptr<const Engine>>;
[[nodiscard]] Engines make_engines(const Layers& layers);

/// The facts that some engine still wants of `process`; empty when all can judge.
[[nodiscard]] FactSet needs(const Engines& engines, const Snapshot& process);

/// What the engines say, without the limits. Precondition: needs() is empty. An empty decision means that nobody has
/// anything to say of the process.
[[nodiscard]] Decision judge(const Engines& engines, const Snapshot& process, Instant now);

/// The facts that the limits want beside, before they can be added to this decision: only a raise is worth them.
[[nodiscard]] FactSet limits_need(const Limits& limits, const Decision& decision, const Snapshot& process);
/// Limits are contributions too: the last ones, so they win, and they are shown. Where Fact::file is not known, the
/// program counts as one that the system's administrator has put there.
void add_limits(const Engines& engines, const Limits& limits, const Snapshot& process, Instant now, Decision& decision);

/// What would be decided for such a process, without one.
[[nodiscard]] Explanation classify(const Layers& layers, const GivenFacts& facts);

}  // namespace priorityd
