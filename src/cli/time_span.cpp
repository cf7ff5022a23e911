// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/time_span.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace priorityd::cli {
namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kWeek = 7 * kDay;

struct Unit {
    std::string_view name;
    std::int64_t seconds;
};
/// As systemd has them; its months and years are left out, for they have no fixed length.
constexpr Unit kUnits[] = {
    {"s", 1},        {"sec", 1},          {"second", 1},        {"seconds", 1}, {"min", kMinute},
    {"m", kMinute},  {"minute", kMinute}, {"minutes", kMinute}, {"h", kHour},   {"hr", kHour},
    {"hour", kHour}, {"hours", kHour},    {"d", kDay},          {"day", kDay},  {"days", kDay},
    {"w", kWeek},    {"week", kWeek},     {"weeks", kWeek},
};
/// For printing, the largest first.
constexpr Unit kShown[] = {{"d", kDay}, {"h", kHour}, {"min", kMinute}, {"s", 1}};

/// Far beyond what anybody means, and far from where microseconds overflow.
constexpr std::int64_t kMost = kDay * 365 * 100;

void skip_blanks(std::string_view& text)
{
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

/// Takes "30min" off the front: its seconds; empty when there is no such thing.
std::optional<std::int64_t> take_part(std::string_view& text)
{
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0 || number > kMost)
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    skip_blanks(text);
    const std::string_view name = text.substr(0, text.find_first_of("0123456789 "));
    const auto* unit = std::ranges::find(kUnits, name, &Unit::name);
    if (unit == std::end(kUnits))
        return std::nullopt;
    text.remove_prefix(name.size());
    skip_blanks(text);
    return number * unit->seconds;
}

}  // namespace

std::optional<std::chrono::seconds> parse_time_span(std::string_view text)
{
    std::int64_t sum = 0;
    skip_blanks(text);
    while (!text.empty() && sum <= kMost) {
        const auto part = take_part(text);
        if (!part)
            return std::nullopt;
        sum += *part;
    }
    if (sum == 0 || sum > kMost)
        return std::nullopt;
    return std::chrono::seconds{sum};
}

std::string time_span_text(std::chrono::microseconds span)
{
    std::int64_t left = std::chrono::ceil<std::chrono::seconds>(span).count();
    const auto* unit = std::ranges::find_if(kShown, [&](const Unit& u) { return left >= u.seconds; });
    if (unit == std::end(kShown))
        return "0s";
    std::string text = fmt::format("{}{}", left / unit->seconds, unit->name);
    left %= unit->seconds;
    if (++unit != std::end(kShown) && left >= unit->seconds)
        text += fmt::format(" {}{}", left / unit->seconds, unit->name);
    return text;
}

}  // namespace priorityd::cli
