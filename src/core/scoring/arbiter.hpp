// SPDX-License-Identifier: GPL-3.0-or-later
/// Joins what several engines say of one program.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/scoring/advice.hpp"
#include "core/scoring/engine_address.hpp"
#include "core/scoring/program_info.hpp"

namespace priorityd {

/// [engine.NAME] of the settings.
struct EngineSettings {
    bool is_enabled = true;
    double weight = 1;                     ///< 0..1: what its confidence is multiplied with.
    std::optional<EngineAddress> address;  ///< Of an engine outside; empty for those that are built in.
    /// How long an answer of an engine outside is waited for: 100 ms to 10 minutes.
    std::chrono::milliseconds timeout = std::chrono::seconds{5};
    bool sends_arguments = false;  ///< Whether an engine outside is told a program's arguments, redacted.
    bool sends_behaviour = false;  ///< And what it has turned out to be.
    friend bool operator==(const EngineSettings&, const EngineSettings&) = default;
};

/// How scoring engines are asked and followed.
struct ScoringSettings {
    bool is_enabled = true;  ///< Else no engine is, whatever its own table says.
    /// Advice of less confidence is shown, and not followed. The usual one was chosen with `priorityctl evaluate`, see
    /// docs/measurements.md: lower, more programs are covered, and more of them wrongly.
    double threshold = 0.4;
    std::map<std::string, EngineSettings, std::less<>> engines;  ///< Those that the settings name.

    [[nodiscard]] EngineSettings of(std::string_view engine) const;
    [[nodiscard]] bool has_enabled() const;
    friend bool operator==(const ScoringSettings&, const ScoringSettings&) = default;
};

/// What all engines that judge programs have to say of this one, whatever the settings. Takes tens of microseconds: not
/// for the exec path.
[[nodiscard]] std::vector<Vote> votes_on(const ProgramInfo& program);

/// The vote that is followed: that of the surest engine for the class that all together are surest of. Its confidence
/// is what they have together. Empty where that is too little, or as much speaks for a class of another attention.
[[nodiscard]] std::optional<Vote> verdict(const std::vector<Vote>& votes, const ScoringSettings& settings);

}  // namespace priorityd
