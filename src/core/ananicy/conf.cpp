// SPDX-License-Identifier: GPL-3.0-or-later
/// ananicy.conf: what it switches off, and what has no counterpart here.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/ananicy/tree.hpp"
#include "core/glob.hpp"
#include "core/nearest.hpp"
#include "core/text.hpp"

namespace priorityd::ananicy {
namespace {

/// A key that is true or false, and where that goes.
struct Switch {
    std::string_view key;
    bool& (*flag)(Tree& tree);
    std::string_view off;  ///< What is left out when it is false.
};
constexpr std::array kSwitches{
    Switch{"apply_nice", [](Tree& t) -> bool& { return t.switches.nice; }, "nice"},
    Switch{"apply_latnice", [](Tree& t) -> bool& { return t.switches.latency_nice; }, "latency_nice"},
    Switch{"apply_sched", [](Tree& t) -> bool& { return t.switches.sched; }, "sched"},
    Switch{"apply_ioclass", [](Tree& t) -> bool& { return t.switches.io; }, "ioclass and ionice"},
    Switch{"apply_ionice", [](Tree& t) -> bool& { return t.switches.io; }, "ioclass and ionice"},
    Switch{"apply_oom_score_adj", [](Tree& t) -> bool& { return t.switches.oom_score_adj; }, "oom_score_adj"},
    Switch{"apply_cpuset", [](Tree& t) -> bool& { return t.switches.cpuset; }, "cpuset"},
    Switch{"apply_cgroup", [](Tree& t) -> bool& { return t.switches.cgroup; }, "cgroup"},
    Switch{"rule_load", [](Tree& t) -> bool& { return t.has_rules; }, "all rules"},
    Switch{"type_load", [](Tree& t) -> bool& { return t.has_types; }, "all types"},
    Switch{"cgroup_load", [](Tree& t) -> bool& { return t.has_cgroups; }, "all control groups"},
};

/// Keys without a counterpart, and why.
struct Needless {
    std::string_view key;
    std::string_view why;
};
constexpr std::array kNeedless{
    Needless{"check_freq", "the kernel tells of programs as they start, so nothing is looked for at intervals"},
    Needless{"check_disks_schedulers", "\"priorityctl status\" says whether a disk listens to I/O priorities"},
    Needless{"apply_cpu_weight", "weights of units are set where rules name them (cpu_weight)"},
    Needless{"cgroup_realtime_workaround", "no process is moved to another control group"},
    Needless{"log_applied_rule", "\"priorityctl monitor\" shows changes as they happen"},
    Needless{"loglevel", "it is an option of priorityd, --log-level"},
    Needless{"x3d_mode", "the driver of the processor is left alone"},
};

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r\"";
    const auto begin = std::min(text.find_first_not_of(kBlanks), text.size());
    text.remove_prefix(begin);
    text.remove_suffix(text.size() - std::min(text.find_last_not_of(kBlanks) + 1, text.size()));
    return text;
}

bool is_off(std::string_view value)
{
    const auto word = ascii_lower(value);
    return word == "false" || word == "no" || word == "0";
}

std::vector<std::string_view> known_keys()
{
    std::vector<std::string_view> keys;
    std::ranges::transform(kSwitches, std::back_inserter(keys), &Switch::key);
    std::ranges::transform(kNeedless, std::back_inserter(keys), &Needless::key);
    return keys;
}

/// What there is to say of a line; empty when it changes nothing.
std::string take(std::string_view key, std::string_view value, Tree& into)
{
    const auto* known = std::ranges::find(kSwitches, key, &Switch::key);
    if (known != kSwitches.end() && !is_off(value))
        return {};
    if (known != kSwitches.end()) {
        known->flag(into) = false;
        return fmt::format("{} = {}: {} left out, as it says", key, value, known->off);
    }
    const auto* needless = std::ranges::find(kNeedless, key, &Needless::key);
    if (needless != kNeedless.end())
        return fmt::format("not kept: {} = {}: {}", key, value, needless->why);
    return fmt::format("not kept: {}: unknown{}", key, suggestion(key, known_keys()));
}

}  // namespace

void read_conf(const std::string& path, std::string_view text, Tree& into, Diagnostics& diagnostics)
{
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    text.remove_prefix(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
    for (std::uint32_t line = 1; !text.empty(); ++line) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto said = text.substr(0, std::min(text.find('#'), end));
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto equals = said.find('=');
        if (trimmed(said).empty())
            continue;
        const auto what = equals == std::string_view::npos
                              ? fmt::format("not kept: expected key=value: {}", trimmed(said))
                              : take(trimmed(said.substr(0, equals)), trimmed(said.substr(equals + 1)), into);
        if (!what.empty())
            diagnostics.push_back(
                {.level = Diagnostic::Level::warning, .file = path, .line = line, .what = escaped(what)});
    }
}

}  // namespace priorityd::ananicy
