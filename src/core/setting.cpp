// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/setting.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "core/text.hpp"

namespace priorityd {
namespace {

/// Of settings that a rule with its class names: growing step by step would cost an allocation for each.
constexpr std::size_t kUsualCount = 4;

const std::string* text_in(const RawValue& raw_value)
{
    return std::get_if<std::string>(&raw_value);
}

template <typename T>
std::optional<Value> parse_bounded(const RawValue& raw_value)
{
    const auto* number = std::get_if<std::int64_t>(&raw_value);
    const auto bounded = number ? T::make(*number) : std::nullopt;
    return bounded ? std::optional<Value>{*bounded} : std::nullopt;
}

template <typename T>
std::optional<Value> parse_time(const RawValue& raw_value)
{
    const auto* text = text_in(raw_value);
    const auto length = text ? parse_duration(*text) : std::nullopt;
    const auto valid = length ? T::make(*length) : std::nullopt;
    return valid ? std::optional<Value>{*valid} : std::nullopt;
}

/// The number after the slash in "fifo/10"; empty unless it lies in low..high.
std::optional<int> level_after_slash(std::string_view text, int low, int high)
{
    const auto slash = text.find('/');
    if (slash == std::string_view::npos)
        return std::nullopt;
    const auto digits = text.substr(slash + 1);
    int level = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), level);
    if (error != std::errc{} || end != digits.data() + digits.size() || level < low || level > high)
        return std::nullopt;
    return level;
}

std::optional<Value> parse_class(const RawValue& raw_value)
{
    const auto* text = text_in(raw_value);
    return text && !text->empty() ? std::optional<Value>{ClassName{*text}} : std::nullopt;
}

std::optional<Value> parse_sched(const RawValue& raw_value)
{
    using Kind = SchedPolicy::Kind;
    const auto* text = text_in(raw_value);
    if (!text)
        return std::nullopt;
    if (*text == "other")
        return SchedPolicy{Kind::other, 0};
    if (*text == "batch")
        return SchedPolicy{Kind::batch, 0};
    if (*text == "idle")
        return SchedPolicy{Kind::idle, 0};
    const auto priority = level_after_slash(*text, 1, 99);
    if (priority && text->starts_with("fifo/"))
        return SchedPolicy{Kind::fifo, *priority};
    if (priority && text->starts_with("rr/"))
        return SchedPolicy{Kind::rr, *priority};
    return std::nullopt;
}

std::optional<Value> parse_io(const RawValue& raw_value)
{
    using Class = IoPriority::Class;
    const auto* text = text_in(raw_value);
    if (!text)
        return std::nullopt;
    if (*text == "none")
        return IoPriority{Class::none, 0};
    if (*text == "idle")
        return IoPriority{Class::idle, 0};
    const auto level = level_after_slash(*text, 0, 7);
    if (level && text->starts_with("best-effort/"))
        return IoPriority{Class::best_effort, *level};
    if (level && text->starts_with("realtime/"))
        return IoPriority{Class::realtime, *level};
    return std::nullopt;
}

std::optional<Value> parse_cpu_weight(const RawValue& raw_value)
{
    if (const auto* text = text_in(raw_value))
        return *text == "idle" ? std::optional<Value>{CpuWeight{CpuWeight::kIdle}} : std::nullopt;
    const auto weight = CpuWeight::make(std::get<std::int64_t>(raw_value));
    return weight ? std::optional<Value>{*weight} : std::nullopt;
}

std::optional<Value> parse_cpus(const RawValue& raw_value)
{
    const auto* text = text_in(raw_value);
    if (!text)
        return std::nullopt;
    if (auto set = CpuSet::parse(*text))
        return CpuChoice{*std::move(set)};
    if (auto name = CpuSetName::make(*text))
        return CpuChoice{*std::move(name)};
    return std::nullopt;
}

std::optional<Value> parse_children(const RawValue& raw_value)
{
    const auto* text = text_in(raw_value);
    if (text && *text == "inherit")
        return ChildrenPolicy::inherit;
    if (text && *text == "reset")
        return ChildrenPolicy::reset;
    return std::nullopt;
}

constexpr std::array<SettingInfo, kSettingCount> kTable{{
    {Setting::program_class, "class", "the name of a class", parse_class},
    {Setting::nice, "nice", "a whole number from -20 to 19", parse_bounded<Nice>},
    {Setting::sched, "sched", R"("other", "batch", "idle", "fifo/1-99" or "rr/1-99")", parse_sched},
    {Setting::slice, "slice", R"(a duration from "100us" to "100ms")", parse_time<Slice>},
    {Setting::io, "io", R"("realtime/0-7", "best-effort/0-7", "idle" or "none")", parse_io},
    {Setting::cpu_weight, "cpu_weight", R"(a whole number from 1 to 10000, or "idle")", parse_cpu_weight},
    {Setting::io_weight, "io_weight", "a whole number from 1 to 10000", parse_bounded<IoWeight>},
    {Setting::cpus, "cpus",
     R"(a list of CPUs ("0-3,8"), or "all", "performance", "efficiency", "numa:N", "llc:N", "llc:auto", "numa:auto", "gpu-local")",
     parse_cpus},
    {Setting::oom_score_adj, "oom_score_adj", "a whole number from -1000 to 1000", parse_bounded<OomScoreAdj>},
    {Setting::timer_slack, "timer_slack", R"(a duration from "1ns" to "4s")", parse_time<TimerSlack>},
    {Setting::uclamp_min, "uclamp_min", "a whole number from 0 to 100", parse_bounded<UclampPercent>},
    {Setting::uclamp_max, "uclamp_max", "a whole number from 0 to 100", parse_bounded<UclampPercent>},
    {Setting::children, "children", R"("inherit" or "reset")", parse_children},
}};

std::string sched_text(const SchedPolicy& policy)
{
    constexpr std::array<std::string_view, 5> kKinds{"other", "batch", "idle", "fifo", "rr"};
    const auto kind = kKinds.at(static_cast<std::size_t>(policy.kind));
    return policy.is_realtime() ? fmt::format("{}/{}", kind, policy.priority) : std::string{kind};
}

std::string io_text(const IoPriority& priority)
{
    constexpr std::array<std::string_view, 4> kClasses{"none", "realtime", "best-effort", "idle"};
    const auto io_class = kClasses.at(static_cast<std::size_t>(priority.io_class));
    using Class = IoPriority::Class;
    const bool has_level = priority.io_class == Class::realtime || priority.io_class == Class::best_effort;
    return has_level ? fmt::format("{}/{}", io_class, priority.level) : std::string{io_class};
}

/// One overload per alternative of Value: its spelling.
struct ToRaw {
    RawValue operator()(const ClassName& name) const { return name.text; }
    template <typename Tag, int Low, int High>
    RawValue operator()(const Bounded<Tag, Low, High>& bounded) const
    {
        return std::int64_t{bounded.value()};
    }
    RawValue operator()(const SchedPolicy& policy) const { return sched_text(policy); }
    RawValue operator()(const IoPriority& priority) const { return io_text(priority); }
    RawValue operator()(const Slice& slice) const { return duration_text(slice.length); }
    RawValue operator()(const TimerSlack& slack) const { return duration_text(slack.length); }
    RawValue operator()(const CpuWeight& weight) const
    {
        return weight.value == CpuWeight::kIdle ? RawValue{"idle"} : RawValue{std::int64_t{weight.value}};
    }
    RawValue operator()(const CpuChoice& choice) const
    {
        const auto* set = std::get_if<CpuSet>(&choice);
        return set ? set->to_text() : std::get<CpuSetName>(choice).text;
    }
    RawValue operator()(ChildrenPolicy policy) const
    {
        return std::string{policy == ChildrenPolicy::reset ? "reset" : "inherit"};
    }
};

}  // namespace

std::span<const SettingInfo, kSettingCount> setting_table()
{
    return kTable;
}

const SettingInfo& info(Setting setting)
{
    return kTable.at(static_cast<std::size_t>(setting));
}

const SettingInfo* find_setting(std::string_view name)
{
    const auto* found = std::ranges::find(kTable, name, &SettingInfo::name);
    return found == kTable.end() ? nullptr : found;
}

Result<Value> parse_value(Setting setting, const RawValue& raw_value)
{
    const auto& row = info(setting);
    if (auto value = row.parse(raw_value))
        return *std::move(value);
    const bool is_text = std::holds_alternative<std::string>(raw_value);
    const auto shown = is_text ? fmt::format("\"{}\"", escaped(to_text(raw_value))) : to_text(raw_value);
    return failure(0, fmt::format("{} = {}: expected {}", row.name, shown, row.expects));
}

RawValue to_raw(const Value& value)
{
    return std::visit(ToRaw{}, value);
}

std::string to_text(const Value& value)
{
    return to_text(to_raw(value));
}

std::string to_text(const RawValue& raw_value)
{
    if (const auto* text = text_in(raw_value))
        return *text;
    return fmt::format("{}", std::get<std::int64_t>(raw_value));
}

void SettingMap::set(Setting setting, Value value)
{
    if (entries_.empty())
        entries_.reserve(kUsualCount);
    const auto at = std::ranges::lower_bound(entries_, setting, {}, &Entry::first);
    if (at != entries_.end() && at->first == setting)
        at->second = std::move(value);
    else
        entries_.emplace(at, setting, std::move(value));
}

void SettingMap::erase(Setting setting)
{
    std::erase_if(entries_, [&](const Entry& entry) { return entry.first == setting; });
}

const Value* SettingMap::find(Setting setting) const
{
    const auto at = std::ranges::find(entries_, setting, &Entry::first);
    return at == entries_.end() ? nullptr : &at->second;
}

}  // namespace priorityd
