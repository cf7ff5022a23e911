// SPDX-License-Identifier: GPL-3.0-or-later
/// What a model is asked, and what its answer says. Pure: texts in, texts out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/scoring/told_program.hpp"

namespace priorityd::llm {

/// Changes with every change of what is asked, so that answers to an older question are not taken for new ones.
constexpr int kPromptVersion = 2;

/// How the server is made to answer in JSON; each is for servers that do not know the one before it.
enum class Form : std::uint8_t {
    schema,  ///< response_format json_schema: nothing else can come out.
    json,    ///< response_format json_object.
    plain,   ///< Asked for, and hoped for.
};

/// The body of a request for /chat/completions. `programs`: 1 to 32, all with the classes of the first.
[[nodiscard]] std::string make_request(const std::string& model, const std::vector<ToldProgram>& programs, Form form);

/// What a model says of a program; no opinion where it has no idea. Errors: EBADMSG with what of its row is wrong.
using Judgement = Result<std::optional<Advice>>;

/// What the body of an answer says of each of so many programs, in order. Errors: EBADMSG when it is no answer of a
/// chat, or what the model has said is no JSON object; EMSGSIZE when the server has cut it off.
[[nodiscard]] Result<std::vector<Judgement>> read_answer(std::string_view body, std::size_t programs,
                                                         const OfferedClasses& classes);
/// What the server has counted for question and answer, also where read_answer() finds fault; 0 where it does not say.
[[nodiscard]] std::int64_t tokens_in(std::string_view body);

}  // namespace priorityd::llm
