// SPDX-License-Identifier: GPL-3.0-or-later
/// The policy that the shipped rules make, read once.
#pragma once

#include <memory>

#include "core/policy_reading.hpp"
#include "kernel/accounts.hpp"
#include "kernel/policy_folders.hpp"

namespace priorityd {

/// Reads the shipped rules, with no settings.
inline PolicyReading read_shipped_policy()
{
    auto sources = kernel::default_sources();
    kernel::use_settings_file(sources, "/dev/null");
    kernel::use_rules(sources, {SHIPPED_RULES});
    return read_policy(kernel::read_policy_files(sources), kernel::SystemAccounts{});
}

/// Throws when the shipped rules have an error.
inline const std::shared_ptr<const Policy>& shipped_policy()
{
    static const auto kPolicy = std::make_shared<const Policy>(read_shipped_policy().policy.value());
    return kPolicy;
}

}  // namespace priorityd
