// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scoring/score.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/policy.hpp"
#include "core/text.hpp"

namespace priorityd {
namespace {

tl::unexpected<Error> refused(std::string what)
{
    return failure(EBADMSG, std::move(what));
}

/// Enough of it to be recognised, whatever an engine sends.
std::string shown(const std::string& text)
{
    constexpr std::size_t kMostShown = 64;
    return escaped(text.substr(0, kMostShown));
}

Result<void> check_reason(const std::string& reason)
{
    if (reason.size() > kLongestReason)
        return refused(fmt::format("a reason of {} bytes is longer than {}", reason.size(), kLongestReason));
    if (!is_readable(reason))
        return refused(fmt::format("a reason with control characters: {}", shown(reason)));
    return {};
}

}  // namespace

std::optional<std::chrono::milliseconds> retry_of(const ScoreRow& row)
{
    const bool says_more = row.is_malformed || row.program_class || row.confidence;
    if (says_more || !row.retry_after || !std::isfinite(*row.retry_after))
        return std::nullopt;
    const std::chrono::duration<double> bounded{std::clamp<double>(
        *row.retry_after, static_cast<double>(kShortestRetry.count()), static_cast<double>(kLongestRetry.count()))};
    return std::chrono::ceil<std::chrono::milliseconds>(bounded);
}

Result<std::optional<Advice>> judged(const ScoreRow& row, const OfferedClasses& classes)
{
    if (row.is_malformed)
        return refused("a row with values of other types than class s, confidence d, reason s, retry_after d");
    if (row.retry_after && (row.program_class || row.confidence))
        return refused("a row that says something and wants to be asked later");
    if (row.retry_after && !std::isfinite(*row.retry_after))
        return refused(fmt::format("retry_after {} is no time", *row.retry_after));
    if (!row.program_class && !row.confidence)
        return std::nullopt;
    if (!row.confidence)
        return refused("a class without confidence");
    if (!(*row.confidence >= 0 && *row.confidence <= 1))  // NaN is neither
        return refused(fmt::format("confidence {} is not from 0 to 1", *row.confidence));
    if (*row.confidence == 0)
        return std::nullopt;
    if (!row.program_class)
        return refused("confidence without a class");
    if (std::ranges::find(classes, *row.program_class, &OfferedClass::name) == classes.end())
        return refused(fmt::format("\"{}\" is no class that it may give", shown(*row.program_class)));
    if (auto checked = check_reason(row.reason); !checked)
        return tl::unexpected(checked.error());
    return Advice{.program_class = *row.program_class,
                  .confidence = *row.confidence,
                  .because = row.reason.empty() ? "it gives no reason" : row.reason};
}

OfferedClasses classes_for_engines(const Policy& policy)
{
    OfferedClasses offered;
    for (const ProgramClass& program_class : policy.classes()) {
        const auto* sched = find_value<SchedPolicy>(program_class.settings, Setting::sched);
        if (!sched || !sched->is_realtime())
            offered.push_back({program_class.name, program_class.description});
    }
    return offered;
}

}  // namespace priorityd
