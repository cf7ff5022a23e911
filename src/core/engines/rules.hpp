// SPDX-License-Identifier: GPL-3.0-or-later
/// The engine that is always there: what the rules say. It wins over all advice.
#pragma once

#include <memory>
#include <utility>

#include "core/engine.hpp"
#include "core/policy.hpp"

namespace priorityd {

class RulesEngine final : public Engine {
public:
    explicit RulesEngine(std::shared_ptr<const Policy> policy) : policy_{std::move(policy)} {}

    [[nodiscard]] std::string_view name() const override { return "rules"; }
    [[nodiscard]] FactSet needs(const Snapshot& process) const override;
    [[nodiscard]] Certainty certainty_by_exe(const Snapshot& process) const override;
    void judge(const Snapshot& process, Instant now, Decision& into) const override;

private:
    void add(const Rule& rule, Decision& into) const;

    std::shared_ptr<const Policy> policy_;
};

}  // namespace priorityd
