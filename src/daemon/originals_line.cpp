// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/originals_line.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <variant>

namespace priorityd::daemon {
namespace {

constexpr std::string_view kSessionWord = "autogroup";

template <typename Number>
void append_number(Number number, std::string& into)
{
    std::array<char, 24> digits;  // more than the longest of 64 bits
    const auto* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    into.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void append_run(int first, int last, std::string& into)
{
    append_number(first, into);
    if (last > first) {
        into += '-';
        append_number(last, into);
    }
}

void append_cpus(const CpuSet& cpus, std::string& into)
{
    constexpr int kBitsPerWord = 64;
    int first = -1;
    int last = -1;
    int base = 0;
    for (const auto word : cpus.words()) {
        for (auto rest = word; rest != 0; rest &= rest - 1) {
            const int cpu = base + std::countr_zero(rest);
            if (first >= 0 && cpu != last + 1) {
                append_run(first, last, into);
                into += ',';
            }
            if (first < 0 || cpu != last + 1)
                first = cpu;
            last = cpu;
        }
        base += kBitsPerWord;
    }
    if (first >= 0)
        append_run(first, last, into);
}

/// One overload per alternative of Value: the spelling that parse_value reads, made without a formatter.
struct Append {
    std::string& into;

    void operator()(const ClassName& name) const { into += name.text; }
    template <typename Tag, int Low, int High>
    void operator()(const Bounded<Tag, Low, High>& bounded) const
    {
        append_number(bounded.value(), into);
    }
    void operator()(const SchedPolicy& policy) const
    {
        constexpr std::array<std::string_view, 5> kKinds{"other", "batch", "idle", "fifo/", "rr/"};
        into += kKinds.at(static_cast<std::size_t>(policy.kind));
        if (policy.is_realtime())
            append_number(policy.priority, into);
    }
    void operator()(const IoPriority& priority) const
    {
        constexpr std::array<std::string_view, 4> kClasses{"none", "realtime/", "best-effort/", "idle"};
        const auto word = kClasses.at(static_cast<std::size_t>(priority.io_class));
        into += word;
        if (word.ends_with('/'))
            append_number(priority.level, into);
    }
    void operator()(const Slice& slice) const
    {
        append_number(slice.length.count(), into);
        into += "us";
    }
    void operator()(const TimerSlack& slack) const
    {
        append_number(slack.length.count(), into);
        into += "ns";
    }
    void operator()(const CpuWeight& weight) const
    {
        if (weight.value == CpuWeight::kIdle)
            into += "idle";
        else
            append_number(weight.value, into);
    }
    void operator()(const CpuChoice& choice) const
    {
        if (const auto* set = std::get_if<CpuSet>(&choice))
            append_cpus(*set, into);
        else
            into += std::get<CpuSetName>(choice).text;
    }
    void operator()(ChildrenPolicy policy) const { into += policy == ChildrenPolicy::reset ? "reset" : "inherit"; }
};

/// The text before the next blank, and `line` begins after it; all of the line when there is none.
std::string_view take_word(std::string_view& line)
{
    const auto blank = line.find(' ');
    const auto word = line.substr(0, blank);
    line.remove_prefix(blank == std::string_view::npos ? line.size() : blank + 1);
    return word;
}

/// All of the word, and nothing else.
template <typename Number>
std::optional<Number> parse_number(std::string_view word)
{
    Number number{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    return error == std::errc{} && end == word.data() + word.size() ? std::optional{number} : std::nullopt;
}

/// A setting takes text or numbers, and which of them a word is, "3", only the setting knows.
std::optional<Value> parse_word(const SettingInfo& setting, std::string_view word)
{
    if (auto value = setting.parse(RawValue{std::string{word}}))
        return value;
    const auto number = parse_number<std::int64_t>(word);
    return number ? setting.parse(RawValue{*number}) : std::nullopt;
}

std::optional<Line> parse_process(std::string_view line)
{
    const auto pid = parse_number<std::int32_t>(take_word(line));
    const auto start_ticks = parse_number<std::uint64_t>(take_word(line));
    const auto* setting = find_setting(take_word(line));
    const auto before = take_word(line);
    if (!pid || *pid <= 0 || !start_ticks || !setting || !is_kept_in_journal(setting->setting))
        return std::nullopt;
    auto before_value = parse_word(*setting, before);
    auto written_value = parse_word(*setting, line);
    if (!before_value || !written_value)
        return std::nullopt;
    return Original{.process = {Pid{*pid}, *start_ticks},
                    .setting = setting->setting,
                    .before = *std::move(before_value),
                    .written = *std::move(written_value)};
}

std::optional<Nice> parse_nice(std::string_view word)
{
    const auto number = parse_number<int>(word);
    return number ? Nice::make(*number) : std::nullopt;
}

/// What comes after the first word.
std::optional<Line> parse_session(std::string_view line)
{
    const auto autogroup = parse_number<std::uint64_t>(take_word(line));
    const auto before = parse_nice(take_word(line));
    const auto written = parse_nice(line);
    if (!autogroup || !before || !written)
        return std::nullopt;
    return SessionOriginal{.autogroup = *autogroup, .before = *before, .written = *written};
}

}  // namespace

bool is_kept_in_journal(Setting setting)
{
    return setting != Setting::program_class;
}

void append_line(const Original& original, std::string& into)
{
    append_number(raw(original.process.pid), into);
    into += ' ';
    append_number(original.process.start_ticks, into);
    into += ' ';
    into += info(original.setting).name;
    into += ' ';
    std::visit(Append{into}, original.before);
    into += ' ';
    std::visit(Append{into}, original.written);
    into += '\n';
}

void append_line(const SessionOriginal& original, std::string& into)
{
    into.append(kSessionWord) += ' ';
    append_number(original.autogroup, into);
    into += ' ';
    append_number(original.before.value(), into);
    into += ' ';
    append_number(original.written.value(), into);
    into += '\n';
}

std::optional<Line> parse_line(std::string_view line)
{
    const bool is_session = line.starts_with(kSessionWord);
    if (is_session && take_word(line) == kSessionWord)
        return parse_session(line);
    return parse_process(line);
}

}  // namespace priorityd::daemon
