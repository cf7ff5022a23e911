// SPDX-License-Identifier: GPL-3.0-or-later
/// Overrides as the dictionaries of D-Bus, and back.
#include "bus/marshal_override.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "bus/readable.hpp"

namespace priorityd::bus {
namespace {

using sdbus::Variant;
using std::chrono::microseconds;

Variant text_variant(const std::string& text)
{
    return Variant(readable(text));
}

Variant count_variant(microseconds duration)
{
    return Variant(static_cast<std::uint64_t>(std::max(duration, microseconds::zero()).count()));
}

const char* key_name(const PatternTarget& pattern)
{
    // From literals, so it ends in NUL.
    return match_key_table()[static_cast<std::size_t>(pattern.key)].name.data();
}

void put_process(Dict& dict, Pid pid, std::optional<std::uint64_t> start_ticks)
{
    dict.emplace("pid", Variant(static_cast<std::uint32_t>(raw(pid))));
    if (start_ticks)
        dict.emplace("start_time", Variant(*start_ticks));
}

OverrideTarget target_at(const Dict& row)
{
    if (row.contains("pid"))
        return ProcessKey{.pid = Pid{static_cast<std::int32_t>(value_at<std::uint32_t>(row, "pid"))},
                          .start_ticks = value_at<std::uint64_t>(row, "start_time")};
    for (const MatchKeyInfo& known : match_key_table()) {
        if (row.contains(std::string{known.name}))
            return PatternTarget{.key = known.key, .glob = value_at<std::string>(row, known.name.data())};
    }
    return PatternTarget{};
}

microseconds duration_at(const Dict& row, const char* key)
{
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<microseconds::rep>::max());
    return microseconds{static_cast<microseconds::rep>(std::min(value_at<std::uint64_t>(row, key), kMost))};
}

Override override_at(const Dict& row)
{
    return {
        .id = value_at<std::string>(row, "id"),
        .target = target_at(row),
        .settings = read_settings(value_at<Dict>(row, "settings")),
        .owner = Uid{value_at<std::uint32_t>(row, "owner")},
        .is_for_everybody = value_at<bool>(row, "all_users"),
        .is_permanent = value_at<bool>(row, "permanent"),
        .ends = {},
        .connection = value_at<std::string>(row, "connection"),
        .reason = value_at<std::string>(row, "reason"),
        .created =
            std::chrono::floor<std::chrono::seconds>(std::chrono::sys_time<microseconds>{duration_at(row, "created")}),
    };
}

}  // namespace

Dict to_dict(const OverrideView& view)
{
    const Override& kept = view.kept;
    Dict row{
        {"id", text_variant(kept.id)},
        {"settings", Variant(to_dict(kept.settings))},
        {"owner", Variant(raw(kept.owner))},
        {"all_users", Variant(kept.is_for_everybody)},
        {"permanent", Variant(kept.is_permanent)},
        {"while_connected", Variant(!kept.connection.empty())},
        {"reason", text_variant(kept.reason)},
        {"created", count_variant(kept.created.time_since_epoch())},
        {"processes", Variant(view.processes)},
    };
    if (const auto* process = std::get_if<ProcessKey>(&kept.target))
        put_process(row, process->pid, process->start_ticks);
    if (const auto* pattern = std::get_if<PatternTarget>(&kept.target))
        row.emplace(key_name(*pattern), text_variant(pattern->glob));
    if (!kept.connection.empty())
        row.emplace("connection", Variant(kept.connection));
    if (view.remaining)
        row.emplace("remaining_usec", count_variant(*view.remaining));
    return row;
}

OverrideView read_override(const Dict& row)
{
    OverrideView view{
        .kept = override_at(row), .remaining = std::nullopt, .processes = value_at<std::uint32_t>(row, "processes")};
    if (row.contains("remaining_usec"))
        view.remaining = duration_at(row, "remaining_usec");
    return view;
}

Dict target_dict(const OverrideRequest& request)
{
    Dict dict;
    if (const auto* process = std::get_if<OverrideRequest::Process>(&request.target))
        put_process(dict, process->pid, process->start_ticks);
    if (const auto* pattern = std::get_if<PatternTarget>(&request.target))
        dict.emplace(key_name(*pattern), Variant(pattern->glob));
    return dict;
}

Dict options_dict(const OverrideRequest& request)
{
    Dict dict;
    const auto put_claim = [&dict](const char* key, bool is_so) {
        if (is_so)
            dict.emplace(key, Variant(true));
    };
    put_claim("permanent", request.is_permanent);
    put_claim("while_connected", request.is_while_connected);
    put_claim("all_users", request.is_for_everybody);
    if (request.lifetime)
        dict.emplace("lifetime_usec", count_variant(*request.lifetime));
    if (!request.reason.empty())
        dict.emplace("reason", text_variant(request.reason));
    return dict;
}

}  // namespace priorityd::bus
