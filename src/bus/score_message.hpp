// SPDX-License-Identifier: GPL-3.0-or-later
/// The calls to org.priorityd1.Engine as messages of D-Bus. Answers are anybody's, so they are read with bounds.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/scoring/engine_address.hpp"
#include "core/scoring/score.hpp"

struct sd_bus;
struct sd_bus_message;

namespace priorityd::bus {

constexpr const char* kEngineInterface = "org.priorityd1.Engine";

/// A message that is freed with it.
struct FreeMessage {
    void operator()(sd_bus_message* message) const;
};
using MessagePtr = std::unique_ptr<sd_bus_message, FreeMessage>;

/// The call. Texts of programs are escaped. Errors: those of sd_bus_message_append(3).
[[nodiscard]] Result<MessagePtr> make_score_call(sd_bus* bus, const EngineAddress& engine,
                                                 const ScoreQuestion& question);
/// The question for its property Health. Errors: EINVAL.
[[nodiscard]] Result<MessagePtr> make_health_call(sd_bus* bus, const EngineAddress& engine);
/// A line of the answer, escaped; empty where it is none.
[[nodiscard]] std::string read_health(sd_bus_message* answer);
/// The rows of the answer to a call about so many programs; one row more when there are more. Reading ends where the
/// answer turns out to be none or too long. Errors: EBADMSG; EMSGSIZE for one that is too long.
[[nodiscard]] Result<ScoreAnswer> read_score_answer(sd_bus_message* answer, std::size_t programs);

}  // namespace priorityd::bus
