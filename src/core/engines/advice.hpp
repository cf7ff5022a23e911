// SPDX-License-Identifier: GPL-3.0-or-later
/// What scoring engines advise, as contributions: above what came along from the parent, below every rule. Each vote is
/// shown; one at most is followed, and none for a process that stays with what came along.
#pragma once

#include <memory>
#include <utility>

#include "core/engine.hpp"
#include "core/policy.hpp"

namespace priorityd {

class AdviceEngine final : public Engine {
public:
    explicit AdviceEngine(std::shared_ptr<const Policy> policy) : policy_{std::move(policy)} {}

    [[nodiscard]] std::string_view name() const override { return "advice"; }
    /// Snapshot::votes are there or not: nobody waits for them.
    [[nodiscard]] FactSet needs(const Snapshot& /*process*/) const override { return {}; }
    [[nodiscard]] Certainty certainty_by_exe(const Snapshot& /*process*/) const override { return Certainty::silent; }
    void judge(const Snapshot& process, Instant now, Decision& into) const override;

private:
    std::shared_ptr<const Policy> policy_;
};

}  // namespace priorityd
