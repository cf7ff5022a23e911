// SPDX-License-Identifier: GPL-3.0-or-later
/// The rules that users have handed over: each user's count for that user's processes alone, within the limits for
/// users.
#pragma once

#include <map>
#include <memory>

#include "core/certainty.hpp"
#include "core/engine.hpp"
#include "core/engines/rules.hpp"
#include "core/ids.hpp"
#include "core/policy.hpp"

namespace priorityd {

using UserRules = std::map<Uid, std::shared_ptr<const Policy>>;

class UserRulesEngine final : public Engine {
public:
    /// `limits`: the system's.
    UserRulesEngine(const UserRules& rules, const Limits& limits);

    [[nodiscard]] std::string_view name() const override { return "user rules"; }
    [[nodiscard]] FactSet needs(const Snapshot& process) const override;
    [[nodiscard]] Certainty certainty_by_exe(const Snapshot& process) const override;
    void judge(const Snapshot& process, Instant now, Decision& into) const override;

private:
    std::map<Uid, RulesEngine> own_;
    Limits limits_;
};

}  // namespace priorityd
