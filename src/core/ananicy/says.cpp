// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ananicy/says.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/glob.hpp"

namespace priorityd::ananicy {
namespace {

/// Numbers are also written with a fraction of zero, or in quotes.
std::optional<std::int64_t> whole_number(const MemberValue& value)
{
    if (const auto* number = std::get_if<std::int64_t>(&value))
        return *number;
    constexpr double kTooLarge = 1e15;
    if (const auto* number = std::get_if<double>(&value))
        return std::abs(*number) < kTooLarge && std::trunc(*number) == *number
                   ? std::optional{static_cast<std::int64_t>(*number)}
                   : std::nullopt;
    const auto* text = std::get_if<std::string>(&value);
    std::int64_t number = 0;
    if (!text)
        return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    return error == std::errc{} && end == text->data() + text->size() ? std::optional{number} : std::nullopt;
}

template <auto kMember>
bool take_number(const MemberValue& value, Says& into)
{
    using Number = typename std::remove_reference_t<decltype(into.*kMember)>::value_type;
    const auto number = whole_number(value);
    const auto valid = number ? Number::make(*number) : std::nullopt;
    if (valid)
        into.*kMember = *valid;
    return valid.has_value();
}

/// A word and what it stands for.
template <typename Meaning>
using Word = std::pair<std::string_view, Meaning>;

template <typename Meaning, std::size_t kCount>
bool take_word(const std::array<Word<Meaning>, kCount>& words, const MemberValue& value, std::optional<Meaning>& into)
{
    const auto* text = std::get_if<std::string>(&value);
    const auto found = std::ranges::find(words, text ? ascii_lower(*text) : "", &Word<Meaning>::first);
    if (found == words.end())
        return false;
    into = found->second;
    return true;
}

bool take_sched(const MemberValue& value, Says& into)
{
    using Kind = SchedPolicy::Kind;
    constexpr std::array kWords{Word<Kind>{"normal", Kind::other}, Word<Kind>{"other", Kind::other},
                                Word<Kind>{"batch", Kind::batch},  Word<Kind>{"idle", Kind::idle},
                                Word<Kind>{"fifo", Kind::fifo},    Word<Kind>{"rr", Kind::rr}};
    return take_word(kWords, value, into.sched);
}

/// By number too, as ionice(1) takes them.
bool take_ioclass(const MemberValue& value, Says& into)
{
    using Class = IoPriority::Class;
    constexpr std::array kByNumber{Class::none, Class::realtime, Class::best_effort, Class::idle};
    if (const auto number = whole_number(value); number && *number >= 0 && *number < std::ssize(kByNumber)) {
        into.ioclass = kByNumber.at(static_cast<std::size_t>(*number));
        return true;
    }
    constexpr std::array kWords{Word<Class>{"none", Class::none}, Word<Class>{"realtime", Class::realtime},
                                Word<Class>{"best-effort", Class::best_effort}, Word<Class>{"idle", Class::idle}};
    return take_word(kWords, value, into.ioclass);
}

/// Sets of CPUs by the names of ananicy-rs. It has two more, which depend on the size of caches.
std::string cpu_set_name(std::string_view alias)
{
    constexpr std::array kNames{
        Word<std::string_view>{"all-cores", "all"},
        Word<std::string_view>{"big-cores", "performance"},
        Word<std::string_view>{"performance-cores", "performance"},
        Word<std::string_view>{"turbo-cores", "performance"},
        Word<std::string_view>{"little-cores", "efficiency"},
        Word<std::string_view>{"efficiency-cores", "efficiency"},
    };
    const auto found = std::ranges::find(kNames, alias, &Word<std::string_view>::first);
    if (found != kNames.end())
        return std::string{found->second};
    if (alias.starts_with("llc-"))
        return fmt::format("llc:{}", alias.substr(4));
    if (alias.starts_with("node-"))
        return fmt::format("numa:{}", alias.substr(5));
    return {};
}

bool take_cpuset(const MemberValue& value, Says& into)
{
    std::string list;
    if (const auto* text = std::get_if<std::string>(&value))
        std::ranges::copy_if(*text, std::back_inserter(list), [](char c) { return c != ' '; });
    else if (const auto* number = std::get_if<std::int64_t>(&value))
        list = std::to_string(*number);
    if (list.ends_with(','))
        list.pop_back();
    const auto name = cpu_set_name(list);
    auto choice = parse_value(Setting::cpus, name.empty() ? list : name);
    if (!choice)
        return false;
    into.cpuset = std::get<CpuChoice>(*std::move(choice));
    return true;
}

bool take_cgroup(const MemberValue& value, Says& into)
{
    const auto* text = std::get_if<std::string>(&value);
    if (text)
        into.cgroup = *text;
    return text && !text->empty();
}

struct Key {
    std::string_view name;
    std::string_view expects;
    bool (*take)(const MemberValue& value, Says& into);
};

constexpr std::array kKeys{
    Key{"nice", "a whole number from -20 to 19", take_number<&Says::nice>},
    Key{"latency_nice", "a whole number from -20 to 19", take_number<&Says::latency_nice>},
    Key{"sched", R"("normal", "batch", "idle", "fifo" or "rr"; Linux lets no other be given to another process)",
        take_sched},
    Key{"rtprio", "a whole number from 1 to 99", take_number<&Says::rtprio>},
    Key{"ioclass", R"("realtime", "best-effort", "idle" or "none")", take_ioclass},
    Key{"ionice", "a whole number from 0 to 7", take_number<&Says::ionice>},
    Key{"oom_score_adj", "a whole number from -1000 to 1000", take_number<&Says::oom_score_adj>},
    Key{"cpuset", R"(CPUs ("0-3,8"), "all-cores", "performance-cores", "efficiency-cores", "llc-N" or "node-N")",
        take_cpuset},
    Key{"cgroup", "the name of a control group", take_cgroup},
};

/// The kernel's own patch gave a thread a slice of this length, divided by its weight at that nice value; a step of
/// nice is a quarter. Slices are kept within what Linux takes. Source: sched_prio_to_weight in kernel/sched/core.c.
Slice slice_for(LatencyNice latency)
{
    using std::chrono::microseconds;
    constexpr double kBase = 3000;
    constexpr double kStep = 1.25;
    constexpr double kShortest = 100;
    constexpr double kLongest = 100'000;
    const auto length = std::clamp(kBase * std::pow(kStep, latency.value()), kShortest, kLongest);
    return Slice{microseconds{std::llround(length / 10) * 10}};
}

/// Without a level it is that of ionice(1) and of processes that nobody has touched, the middle one.
IoPriority io_of(const Says& own, const Says& type)
{
    using Class = IoPriority::Class;
    constexpr int kMiddle = 4;
    const auto io_class = own.ioclass ? own.ioclass : type.ioclass;
    const auto level = own.ionice ? own.ionice : type.ionice;
    const IoPriority io{.io_class = io_class.value_or(Class::best_effort), .level = level ? level->value() : kMiddle};
    const bool has_level = io.io_class == Class::best_effort || io.io_class == Class::realtime;
    return has_level ? io : IoPriority{.io_class = io.io_class, .level = 0};
}

/// Empty when there is a priority without a policy that could have it.
std::optional<SchedPolicy> sched_of(const Says& own, const Says& type)
{
    const auto kind = own.sched ? own.sched : type.sched;
    const auto priority = own.rtprio ? own.rtprio : type.rtprio;
    if (!kind)
        return std::nullopt;
    SchedPolicy policy{.kind = *kind, .priority = 0};
    if (policy.is_realtime())
        policy.priority = priority ? priority->value() : 1;
    return policy;
}

}  // namespace

const std::vector<std::string_view>& setting_keys()
{
    static const auto kNames = [] {
        std::vector<std::string_view> names;
        std::ranges::transform(kKeys, std::back_inserter(names), &Key::name);
        return names;
    }();
    return kNames;
}

std::optional<std::string> take(const Member& member, Says& into)
{
    const auto* key = std::ranges::find(kKeys, member.key, &Key::name);
    if (key != kKeys.end() && key->take(member.value, into))
        return std::nullopt;
    return fmt::format("{} = {}: expected {}", member.key, value_text(member.value),
                       key == kKeys.end() ? "another key" : key->expects);
}

std::string value_text(const MemberValue& value)
{
    struct ToText {
        std::string operator()(std::monostate) const { return "null"; }
        std::string operator()(bool flag) const { return flag ? "true" : "false"; }
        std::string operator()(std::int64_t number) const { return std::to_string(number); }
        std::string operator()(double number) const { return fmt::format("{}", number); }
        std::string operator()(const std::string& text) const { return '"' + text + '"'; }
        std::string operator()(const std::vector<std::string>& texts) const
        {
            return fmt::format("[\"{}\"]", fmt::join(texts, "\", \""));
        }
        std::string operator()(OtherValue) const { return "{…}"; }
    };
    return std::visit(ToText{}, value);
}

SettingMap settings_of(const Says& own, const Says& type, const Switches& switches)
{
    SettingMap settings;
    const auto set = [&](bool is_wanted, Setting setting, const auto& value) {
        if (is_wanted && value)
            settings.set(setting, *value);
    };
    set(switches.nice, Setting::nice, own.nice);
    set(switches.sched && (own.sched || own.rtprio), Setting::sched, sched_of(own, type));
    if (own.latency_nice)
        set(switches.latency_nice, Setting::slice, std::optional{slice_for(*own.latency_nice)});
    set(switches.io && (own.ioclass || own.ionice), Setting::io, std::optional{io_of(own, type)});
    set(switches.cpuset, Setting::cpus, own.cpuset);
    set(switches.oom_score_adj, Setting::oom_score_adj, own.oom_score_adj);
    return settings;
}

}  // namespace priorityd::ananicy
