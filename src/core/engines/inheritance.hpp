// SPDX-License-Identifier: GPL-3.0-or-later
/// The engine below all others: what becomes of values that came along from a process that priorityd has changed.
/// A raise does not leak: children start from what their parent had before. A child of a lowered process stays lowered.
/// A child with a class of its own gets that class and nothing from its parent. The setting `children` of the parent
/// decides otherwise.
#pragma once

#include "core/engine.hpp"

namespace priorityd {

/// Whether the process stays with what came along, so that nothing but a rule or a person may say otherwise.
[[nodiscard]] bool stays_with_parent(const Snapshot& process);

class InheritanceEngine final : public Engine {
public:
    [[nodiscard]] std::string_view name() const override { return "inheritance"; }
    [[nodiscard]] FactSet needs(const Snapshot& /*process*/) const override { return {}; }
    [[nodiscard]] Certainty certainty_by_exe(const Snapshot& /*process*/) const override { return Certainty::silent; }
    void judge(const Snapshot& process, Instant now, Decision& into) const override;
};

}  // namespace priorityd
