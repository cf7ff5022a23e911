// SPDX-License-Identifier: GPL-3.0-or-later
/// What --json prints. The keys are those of D-Bus.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/control.hpp"
#include "core/diagnostic.hpp"
#include "core/explain.hpp"
#include "core/learning.hpp"
#include "core/setting.hpp"

namespace priorityd::cli {

/// Keeps the order in which keys are added.
using Json = nlohmann::ordered_json;

[[nodiscard]] Json to_json(const SettingMap& settings);
/// As in lists: without what the process has now.
[[nodiscard]] Json to_json(const ProcessView& process);
/// An object of `process` and `contributions`.
[[nodiscard]] Json to_json(const Explanation& explanation);
[[nodiscard]] Json to_json(const Diagnostic& diagnostic);
[[nodiscard]] Json to_json(const OverrideView& one);
[[nodiscard]] Json to_json(const SuggestionView& one);

/// The document on a line of its own. Bytes that are no UTF-8 are replaced, for JSON cannot hold them.
void print_json(const Json& document);

}  // namespace priorityd::cli
