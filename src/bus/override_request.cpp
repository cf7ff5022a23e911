// SPDX-License-Identifier: GPL-3.0-or-later
/// What somebody wants overridden, read from the dictionaries of AddOverride.
#include "bus/override_request.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "bus/dict_keys.hpp"
#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"
#include "core/nearest.hpp"

namespace priorityd::bus {
namespace {

using sdbus::Variant;
using std::chrono::microseconds;
using Kind = Refusal::Kind;

/// The keys of a target as they came, before it is known whether they go together.
struct GivenTarget {
    std::optional<std::uint32_t> pid;
    std::optional<std::uint64_t> start_ticks;
    std::vector<PatternTarget> patterns;
};

template <typename T, typename V, std::optional<V> T::*Member>
Result<void> take_optional(T& into, const Variant& value)
{
    into.*Member = value.get<V>();
    return {};
}

template <MatchKey Which>
Result<void> take_pattern(GivenTarget& into, const Variant& value)
{
    auto glob = value.get<std::string>();
    if (glob.empty() || glob.size() > kLongestGlob)
        return failure(EINVAL, fmt::format("a glob has 1 to {} bytes, this one {}", kLongestGlob, glob.size()));
    into.patterns.push_back({.key = Which, .glob = std::move(glob)});
    return {};
}

using T = GivenTarget;
constexpr std::array kTargetKeys{
    Key<T>{"pid", "u", take_optional<T, std::uint32_t, &T::pid>},
    Key<T>{"name", "s", take_pattern<MatchKey::name>},
    Key<T>{"exe", "s", take_pattern<MatchKey::exe>},
    Key<T>{"unit", "s", take_pattern<MatchKey::unit>},
    Key<T>{"start_time", "t", take_optional<T, std::uint64_t, &T::start_ticks>},
};

struct GivenOptions {
    bool is_permanent = false;
    std::optional<microseconds> lifetime;
    bool is_while_connected = false;
    bool is_for_everybody = false;
    std::string reason;
};

Result<void> take_lifetime(GivenOptions& into, const Variant& value)
{
    const auto longest = static_cast<std::uint64_t>(kLongestLifetime.count());
    const auto lifetime = value.get<std::uint64_t>();
    if (lifetime == 0 || lifetime > longest)
        return failure(EINVAL,
                       fmt::format("lifetime_usec = {}: expected 1 to {}; leave it out for no end", lifetime, longest));
    into.lifetime = microseconds{static_cast<microseconds::rep>(lifetime)};
    return {};
}

Result<void> take_reason(GivenOptions& into, const Variant& value)
{
    into.reason = readable(value.get<std::string>());
    if (into.reason.size() > kLongestReason)
        return failure(EINVAL,
                       fmt::format("reason: {} bytes are too many; at most {}", into.reason.size(), kLongestReason));
    return {};
}

using O = GivenOptions;
constexpr std::array kOptionKeys{
    Key<O>{"permanent", "b", take_value<O, bool, &O::is_permanent>},
    Key<O>{"lifetime_usec", "t", take_lifetime},
    Key<O>{"while_connected", "b", take_value<O, bool, &O::is_while_connected>},
    Key<O>{"all_users", "b", take_value<O, bool, &O::is_for_everybody>},
    Key<O>{"reason", "s", take_reason},
};

/// The same error as an answer to the caller, with the dictionary that it is about.
auto refused(std::string_view dictionary)
{
    return [dictionary](const Error& error) {
        return Refusal{Kind::invalid_setting, fmt::format("{}: {}", dictionary, error.doing)};
    };
}

Verdict<void> check_target(const GivenTarget& given)
{
    const std::size_t count = given.patterns.size() + (given.pid ? 1 : 0);
    if (count != 1)
        return refuse(Kind::invalid_setting,
                      fmt::format("target: give exactly one of pid, name, exe, unit; there {} {}",
                                  count == 0 ? "is" : "are", count == 0 ? "none" : std::to_string(count)));
    if (given.start_ticks && !given.pid)
        return refuse(Kind::invalid_setting, "target: start_time says which process of a pid is meant: give the pid");
    return {};
}

Verdict<decltype(OverrideRequest::target)> read_target(const Dict& dict)
{
    auto given = read_checked<GivenTarget>(dict, kTargetKeys).map_error(refused("target"));
    if (!given)
        return tl::unexpected{given.error()};
    if (auto checked = check_target(*given); !checked)
        return tl::unexpected{checked.error()};
    if (!given->pid)
        return std::move(given->patterns.front());
    return read_pid(*given->pid).map([&given](Pid pid) -> decltype(OverrideRequest::target) {
        return OverrideRequest::Process{.pid = pid, .start_ticks = given->start_ticks};
    });
}

std::string unknown_setting(const std::string& name)
{
    std::vector<std::string_view> known;
    std::ranges::transform(setting_table(), std::back_inserter(known), &SettingInfo::name);
    return fmt::format("unknown setting \"{}\"{}", readable(name), suggestion(name, known));
}

Result<void> take_setting(SettingMap& into, const std::string& name, const Variant& variant)
{
    const SettingInfo* setting = find_setting(name);
    if (!setting)
        return failure(EINVAL, unknown_setting(name));
    const auto raw_value = read_raw(variant);
    if (!raw_value)
        return failure(EINVAL, fmt::format("\"{}\" has type {}; whole numbers are i, everything else is s: expected {}",
                                           name, compat::type_of(variant), setting->expects));
    return parse_value(setting->setting, *raw_value).map([&into, setting](Value value) {
        into.set(setting->setting, std::move(value));
    });
}

Verdict<SettingMap> read_wanted_settings(const Dict& dict)
{
    SettingMap settings;
    for (const auto& [name, value] : dict) {
        if (auto taken = take_setting(settings, name, value); !taken)
            return tl::unexpected{refused("settings")(taken.error())};
    }
    if (settings.empty())
        return refuse(Kind::invalid_setting, "settings: there are none; give a class or a setting");
    return settings;
}

/// Options that exclude each other or the target.
Verdict<void> check_options(const OverrideRequest& request)
{
    const auto refused_because = [](const char* text) { return refuse(Kind::invalid_setting, text); };
    const bool is_process = std::holds_alternative<OverrideRequest::Process>(request.target);
    if (request.is_permanent && is_process)
        return refused_because("options: permanent is for globs: a process does not outlive a restart, its name does");
    if (request.is_permanent && request.lifetime)
        return refused_because("options: permanent has no end, lifetime_usec is one: give one of them");
    if (request.is_permanent && request.is_while_connected)
        return refused_because("options: permanent has no end, while_connected is one: give one of them");
    if (request.is_for_everybody && is_process)
        return refused_because("options: all_users is for globs: a pid means one process, whoever has it");
    return {};
}

}  // namespace

Refusal no_such_process(std::uint32_t pid)
{
    return {Kind::no_such_process, fmt::format("no process {}: it has ended or never was", pid)};
}

Verdict<Pid> read_pid(std::uint32_t pid)
{
    if (pid == 0 || pid > static_cast<std::uint32_t>(std::numeric_limits<std::int32_t>::max()))
        return tl::unexpected{no_such_process(pid)};
    return Pid{static_cast<std::int32_t>(pid)};
}

Verdict<OverrideRequest> read_override_request(const Dict& target, const Dict& settings, const Dict& options)
{
    auto meant = read_target(target);
    if (!meant)
        return tl::unexpected{meant.error()};
    auto wanted = read_wanted_settings(settings);
    if (!wanted)
        return tl::unexpected{wanted.error()};
    auto given = read_checked<GivenOptions>(options, kOptionKeys).map_error(refused("options"));
    if (!given)
        return tl::unexpected{given.error()};
    OverrideRequest request{.target = *std::move(meant),
                            .settings = *std::move(wanted),
                            .lifetime = given->lifetime,
                            .is_permanent = given->is_permanent,
                            .is_while_connected = given->is_while_connected,
                            .is_for_everybody = given->is_for_everybody,
                            .reason = std::move(given->reason)};
    return check_options(request).map([&request] { return std::move(request); });
}

}  // namespace priorityd::bus
