// SPDX-License-Identifier: GPL-3.0-or-later
/// What a language model says of programs. priorityd-llm asks it, which is started for that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "cli/output.hpp"
#include "core/scoring/advice.hpp"
#include "core/scoring/program_info.hpp"
#include "core/scoring/score.hpp"

namespace priorityd::cli {

/// The engine that asks a language model. Source: priorityd.toml.d/10-llm.toml.
constexpr const char* kModelEngine = "llm";

/// All that an engine is told of a program.
struct ProgramToJudge {
    std::string name;
    std::string exe;  ///< Empty where it is not known.
    ProgramInfo info;
};

struct EngineAnswer {
    std::optional<Advice> advice;
    std::string refusal;  ///< Why what it says of this program does not count; empty where it does.
};

/// What asking a model took.
struct ModelExpense {
    std::uint64_t requests = 0;
    std::uint64_t tokens = 0;  ///< 0 where the server does not tell.
    double seconds = 0;
    std::string form;  ///< In which its answers were asked for: "schema", "json" or "plain".
};

struct ModelAnswers {
    std::vector<EngineAnswer> rows;  ///< As many as programs, in order.
    ModelExpense expense;
};

/// Asks the model of the settings file, of that of the machine where none is named. Waits for it, and nobody is asked
/// about no programs. An error has been printed, by priorityd-llm itself or here.
[[nodiscard]] tl::expected<ModelAnswers, ExitStatus> ask_model(const std::vector<ProgramToJudge>& programs,
                                                               const OfferedClasses& classes,
                                                               const std::string& settings_file);

}  // namespace priorityd::cli
