// SPDX-License-Identifier: GPL-3.0-or-later
/// The engine above all others but the limits: what people have asked for on the bus.
#pragma once

#include <memory>
#include <utility>

#include "core/engine.hpp"
#include "core/overrides.hpp"
#include "core/policy.hpp"

namespace priorityd {

class OverridesEngine final : public Engine {
public:
    /// `policy`: whose classes overrides may name, and whose limits hold for users.
    OverridesEngine(std::shared_ptr<const OverrideTable> table, std::shared_ptr<const Policy> policy)
        : table_{std::move(table)}, policy_{std::move(policy)}
    {
    }

    [[nodiscard]] std::string_view name() const override { return "overrides"; }
    [[nodiscard]] FactSet needs(const Snapshot& process) const override { return table_->needs(process); }
    [[nodiscard]] Certainty certainty_by_exe(const Snapshot& process) const override
    {
        return table_->certainty_by_exe(process);
    }
    void judge(const Snapshot& process, Instant now, Decision& into) const override;

private:
    std::shared_ptr<const OverrideTable> table_;
    std::shared_ptr<const Policy> policy_;
};

}  // namespace priorityd
