// SPDX-License-Identifier: GPL-3.0-or-later
/// The settings of priorityd-llm: which model is asked, and what that may cost. From TOML; docs/llm.md explains them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"

namespace priorityd::llm {

struct Settings {
    /// Where the API begins, without a slash at the end. Source: OpenAI API reference, "Chat".
    std::string base_url = "http://127.0.0.1:8080/v1";
    std::string model;         ///< As the server calls it; empty: it has one alone, or chooses.
    std::string api_key_file;  ///< An absolute path; empty: the server wants none.
    std::chrono::milliseconds timeout = std::chrono::minutes{2};  ///< 1 s to 1 h: of a request, from connecting on.
    std::chrono::milliseconds gather = std::chrono::seconds{3};   ///< 0 to 10 min: how long a program waits for others.
    std::int64_t batch = 32;                                      ///< 1 to 32: programs in a request.
    std::int64_t requests_per_hour = 60;                          ///< 1 to 100,000.
    std::int64_t tokens_per_day = 500'000;                        ///< From 1,000 on: those of questions and of answers.
    std::chrono::days remember{90};  ///< 1 to 3,650: after that a program is asked about again.
    /// Names of programs that are never asked about: servers of models, which would judge themselves.
    std::vector<std::string> never_ask{"llama-server", "llama-swap", "ollama",  "lm-studio",
                                       "lms",          "vllm",       "sglang",  "koboldcpp",
                                       "localai",      "tabbyapi",   "mlc_llm", "priorityd-llm"};
};

/// Reads the text of a settings file into `settings`; what it does not name stays. `path` is for the diagnostics, each
/// of which has place and remedy; settings with an error are not to be used.
void read_settings(const std::string& path, std::string_view text, Settings& settings, Diagnostics& diagnostics);

/// Whether the URL leads to this machine, by a name or number that cannot lead elsewhere.
[[nodiscard]] bool is_loopback(std::string_view base_url);

}  // namespace priorityd::llm
