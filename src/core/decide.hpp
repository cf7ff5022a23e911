// SPDX-License-Identifier: GPL-3.0-or-later
/// From what is known of a process to the decision about it: engines in order, then the limits.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/decision.hpp"
#include "core/engine.hpp"
#include "core/explain.hpp"
#include "core/ids.hpp"
#include "core/policy.hpp"
#include "core/snapshot.hpp"

namespace priorityd {

/// The engines in force, lowest precedence first. To add an engine, add it to make_engines().
using Engines = std::vector<std::unique_ptr<const Engine>>;
[[nodiscard]] Engines make_engines(const std::shared_ptr<const Policy>& policy);

/// The facts that some engine still wants of `process`; empty when all can judge.
[[nodiscard]] FactSet needs(const Engines& engines, const Snapshot& process);

/// Precondition: needs() is empty. An empty decision means that nobody has anything to say of the process.
[[nodiscard]] Decision decide(const Engines& engines, const Limits& limits, const Snapshot& process, Instant now);

/// What would be decided for such a process, without one.
[[nodiscard]] Explanation classify(const std::shared_ptr<const Policy>& policy, const GivenFacts& facts);

}  // namespace priorityd
