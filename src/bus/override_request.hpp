// SPDX-License-Identifier: GPL-3.0-or-later
/// What somebody wants overridden, read from the dictionaries of AddOverride. The keys are in the XML.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "bus/marshal.hpp"
#include "core/control.hpp"

namespace priorityd::bus {

/// Bytes of a reason, escaped: a sentence or two, which are kept on disk and shown in lists.
constexpr std::size_t kLongestReason = 256;
/// Bytes of a glob, as in rules.
constexpr std::size_t kLongestGlob = 4096;
/// Far beyond any use, and far from where adding it to the present time would overflow.
constexpr std::chrono::microseconds kLongestLifetime = std::chrono::hours{24 * 365 * 100};

/// The no for a pid that nobody has.
[[nodiscard]] Refusal no_such_process(std::uint32_t pid);
/// Pids on the bus are unsigned, and any number may come. Refusals: no_such_process for what is no pid.
[[nodiscard]] Verdict<Pid> read_pid(std::uint32_t pid);

/// Refusals: no_such_process for what is no pid; else invalid_setting, with a text that names the dictionary, the key
/// and what is known there.
[[nodiscard]] Verdict<OverrideRequest> read_override_request(const Dict& target, const Dict& settings,
                                                             const Dict& options);

}  // namespace priorityd::bus
