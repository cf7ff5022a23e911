// SPDX-License-Identifier: GPL-3.0-or-later
/// From the texts of settings and rules, in whatever language, to a Policy, or to all that is wrong with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/condition.hpp"
#include "core/diagnostic.hpp"
#include "core/policy.hpp"

namespace priorityd {

/// A file that has been read, or could not be: then `error` says why and becomes a diagnostic.
struct PolicyFile {
    enum class Kind : std::uint8_t {
        settings,      ///< TOML.
        rules,         ///< TOML.
        ananicy,       ///< .rules, .types and .cgroups of ananicy: one kind, since lines say what they are.
        ananicy_conf,  ///< ananicy.conf.
    };
    Kind kind = Kind::rules;
    std::string path;
    std::string text;
    std::string error;
};

struct PolicyReading {
    std::optional<Policy> policy;  ///< Empty when there is an error among the diagnostics.
    Diagnostics diagnostics;       ///< Of all files, sorted.
};

/// Reads all files in the given order (the caller has put them in reading order and resolved masks). Rules of ananicy
/// come below all others, wherever their files stand, and are never errors: what cannot be kept is a warning. With a
/// `base`, the files may name and refine its classes, and have its settings; none of its rules is part of what comes
/// out.
[[nodiscard]] PolicyReading read_policy(const std::vector<PolicyFile>& files, const Accounts& accounts,
                                        const Policy* base = nullptr);

/// The settings alone, as far as they can be read; what is wrong is for read_policy to say.
[[nodiscard]] Settings read_settings(const std::vector<PolicyFile>& files);

}  // namespace priorityd
