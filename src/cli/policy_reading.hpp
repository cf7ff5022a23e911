// SPDX-License-Identifier: GPL-3.0-or-later
/// The policy as the verbs read it that need no daemon.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "cli/verbs.hpp"
#include "core/diagnostic.hpp"
#include "core/policy.hpp"

namespace priorityd::cli {

using Paths = std::vector<std::string>;

struct ReadPolicy {
    std::shared_ptr<const Policy> policy;  ///< Null when there is an error among the diagnostics.
    Diagnostics diagnostics;
    std::size_t files = 0;
};

/// Only what is named: folders and files of rules, and settings files, known by their name priorityd.toml or their
/// folder priorityd.toml.d. What this machine has, when nothing is named.
[[nodiscard]] ReadPolicy read_policy_of(const Paths& places);

/// Settings of this machine with the rules at `rules`; when that is empty, the files that the daemon has in force; when
/// there is no daemon, those of this machine. Else the exit status, and the error has been printed.
[[nodiscard]] tl::expected<std::shared_ptr<const Policy>, ExitStatus> usable_policy(const Context& context,
                                                                                    const Paths& rules);
/// Puts --rules on the verb.
void add_rules_option(CLI::App& verb, Paths& rules);

}  // namespace priorityd::cli
