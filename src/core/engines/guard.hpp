// SPDX-License-Identifier: GPL-3.0-or-later
/// What the guard does, as contributions: above what came along and what scoring engines advise, below every rule.
#pragma once

#include "core/engine.hpp"

namespace priorityd {

class GuardEngine final : public Engine {
public:
    [[nodiscard]] std::string_view name() const override { return "guard"; }
    /// Snapshot::restraint is there or not.
    [[nodiscard]] FactSet needs(const Snapshot& /*process*/) const override { return {}; }
    [[nodiscard]] Certainty certainty_by_exe(const Snapshot& /*process*/) const override { return Certainty::silent; }
    void judge(const Snapshot& process, Instant now, Decision& into) const override;
};

}  // namespace priorityd
