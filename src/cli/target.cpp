// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/target.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace priorityd::cli {
namespace {

/// The matching keys that a target can have. Source: the contract's TARGET.
constexpr std::array kTargetKeys{MatchKey::name, MatchKey::exe, MatchKey::unit};
constexpr std::size_t kLongestGlob = 4096;

std::string_view name_of(MatchKey key)
{
    return match_key_table()[static_cast<std::size_t>(key)].name;
}

}  // namespace

bool is_number(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<Pid> parse_pid(std::string_view text)
{
    std::int32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number <= 0)
        return std::nullopt;
    return Pid{number};
}

std::optional<Target> parse_target(std::string_view text)
{
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || text.substr(0, colon) == "pid") {
        const auto pid = parse_pid(text.substr(colon == std::string_view::npos ? 0 : colon + 1));
        return pid ? std::optional<Target>{*pid} : std::nullopt;
    }
    const auto* key = std::ranges::find(kTargetKeys, text.substr(0, colon), name_of);
    const std::string_view glob = text.substr(colon + 1);
    if (key == kTargetKeys.end() || glob.empty() || glob.size() > kLongestGlob)
        return std::nullopt;
    return PatternTarget{*key, std::string{glob}};
}

std::string target_text(const OverrideTarget& target)
{
    if (const auto* process = std::get_if<ProcessKey>(&target))
        return fmt::format("pid:{}", raw(process->pid));
    const auto& pattern = std::get<PatternTarget>(target);
    return fmt::format("{}:{}", name_of(pattern.key), pattern.glob);
}

bool is_same(const OverrideTarget& kept, const Target& asked)
{
    if (const auto* process = std::get_if<ProcessKey>(&kept)) {
        const auto* pid = std::get_if<Pid>(&asked);
        return pid && *pid == process->pid;
    }
    const auto* pattern = std::get_if<PatternTarget>(&asked);
    return pattern && *pattern == std::get<PatternTarget>(kept);
}

}  // namespace priorityd::cli
