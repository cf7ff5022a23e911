// SPDX-License-Identifier: GPL-3.0-or-later
/// Whatever comes as an override, under known keys and others, is refused with a text or is a request that holds what
/// the XML promises.
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "bus/marshal_override.hpp"
#include "bus/override_request.hpp"
#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"

using namespace priorityd;
using namespace priorityd::bus;
using sdbus::Variant;

namespace {

using Texts = std::vector<std::string>;

const Texts kTargetKeys{"pid", "name", "exe", "unit", "start_time"};
const Texts kOptionKeys{"permanent", "lifetime_usec", "while_connected", "all_users", "reason"};
const Texts kOtherKeys{"", "Name", "pid ", "class", "nice\n", "nize", "\xc3\xa9", std::string(300, 'k')};

Texts setting_keys()
{
    Texts keys;
    for (const SettingInfo& setting : setting_table())
        keys.emplace_back(setting.name);
    return keys;
}

/// Texts that mean something somewhere, and texts that should mean nothing anywhere.
const Texts& texts()
{
    static const Texts all{"",
                           "5",
                           "-20",
                           "idle",
                           "batch",
                           "rr/3",
                           "fifo/100",
                           "best-effort/2",
                           "realtime/8",
                           "3ms",
                           "99999999999999999999s",
                           "0-3,8",
                           "3-0",
                           "4294967295-4294967296",
                           "numa:0",
                           "llc:auto",
                           "inherit",
                           "build",
                           "firefox*",
                           "[",
                           "\\",
                           "\x1b[2J\n\t",
                           "\xc2\x9b\xe2\x80\xae",
                           "/opt/x",
                           std::string(256, 'r'),
                           std::string(257, 'r'),
                           std::string(4096, '*'),
                           std::string(4097, '?'),
                           std::string(100'000, 'x')};
    return all;
}

/// Lowest, highest, and those around nothing.
template <typename Number>
void add_numbers(std::vector<Variant>& values)
{
    using Limits = std::numeric_limits<Number>;
    for (const Number value : {Number{0}, Number{1}, static_cast<Number>(-1), Number{5}, Limits::lowest(),
                               Limits::max(), static_cast<Number>(Limits::max() / 2)})
        values.emplace_back(value);
}

/// Values of every type that D-Bus has, and some in containers.
std::vector<Variant> make_values()
{
    std::vector<Variant> values;
    add_numbers<std::uint8_t>(values);
    add_numbers<std::int16_t>(values);
    add_numbers<std::uint16_t>(values);
    add_numbers<std::int32_t>(values);
    add_numbers<std::uint32_t>(values);
    add_numbers<std::int64_t>(values);
    add_numbers<std::uint64_t>(values);
    for (const double value :
         {0.0, -0.5, 5.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
        values.emplace_back(value);
    for (const std::string& text : texts())
        values.emplace_back(text);
    values.emplace_back(true);
    values.emplace_back(false);
    values.emplace_back(sdbus::ObjectPath{"/org/priorityd1"});
    values.emplace_back(sdbus::Signature{"a{sv}"});
    values.emplace_back(sdbus::UnixFd{0});
    values.emplace_back(Variant{std::int32_t{5}});
    values.emplace_back(Texts{"idle"});
    values.emplace_back(std::vector<std::uint8_t>{});
    values.emplace_back(Dict{{"nice", Variant{std::int32_t{5}}}});
    values.emplace_back(sdbus::Struct<std::string, std::int32_t>{"nice", 5});
    return values;
}

const std::vector<Variant>& values()
{
    static const auto all = make_values();
    return all;
}

void check_target(const OverrideRequest& request)
{
    if (const auto* process = std::get_if<OverrideRequest::Process>(&request.target)) {
        CHECK(raw(process->pid) > 0);
        CHECK_FALSE(request.is_permanent);
        CHECK_FALSE(request.is_for_everybody);
        return;
    }
    const auto& pattern = std::get<PatternTarget>(request.target);
    CHECK_FALSE(pattern.glob.empty());
    CHECK(pattern.glob.size() <= kLongestGlob);
    CHECK((pattern.key == MatchKey::name || pattern.key == MatchKey::exe || pattern.key == MatchKey::unit));
}

void check_rest(const OverrideRequest& request)
{
    CHECK_FALSE(request.settings.empty());
    for (const auto& [setting, value] : request.settings)
        CHECK(parse_value(setting, to_raw(value)) == value);
    if (request.lifetime) {
        CHECK(request.lifetime->count() > 0);
        CHECK(*request.lifetime <= kLongestLifetime);
    }
    CHECK_FALSE((request.is_permanent && (request.lifetime || request.is_while_connected)));
    CHECK(request.reason.size() <= kLongestReason);
    CHECK(readable(request.reason) == request.reason);
}

/// No class has such a name, which the Control finds out.
bool names_impossible_class(const OverrideRequest& request)
{
    const auto* wanted = find_value<ClassName>(request.settings, Setting::program_class);
    return wanted && readable(wanted->text) != wanted->text;
}

/// Sent again by the client, it is the same.
void check_that_it_comes_back(const OverrideRequest& request)
{
    const auto again = read_override_request(target_dict(request), to_dict(request.settings), options_dict(request));
    REQUIRE(again);
    CHECK((again->settings == request.settings || names_impossible_class(request)));
    CHECK(again->lifetime == request.lifetime);
    CHECK(again->reason == request.reason);
    CHECK(again->target.index() == request.target.index());
}

/// True when it was taken.
bool check(const Dict& target, const Dict& settings, const Dict& options)
{
    const auto request = read_override_request(target, settings, options);
    if (request) {
        check_target(*request);
        check_rest(*request);
        check_that_it_comes_back(*request);
        return true;
    }
    CHECK_FALSE(request.error().text.empty());
    CHECK((request.error().kind == Refusal::Kind::invalid_setting ||
           request.error().kind == Refusal::Kind::no_such_process));
    return false;
}

/// The same numbers on every machine, unlike those of the standard library's distributions.
class Dice {
public:
    explicit Dice(std::uint32_t seed) : engine_{seed} {}
    std::size_t below(std::size_t count) { return engine_() % count; }
    template <typename T>
    const T& one_of(const std::vector<T>& choices)
    {
        return choices[below(choices.size())];
    }

private:
    std::mt19937 engine_;
};

/// Mostly keys of this dictionary, sometimes others; at most two of them.
Dict random_dict(Dice& dice, const Texts& keys, std::size_t least)
{
    Dict dict;
    for (std::size_t count = least + dice.below(2); count > 0; --count)
        dict.insert_or_assign(dice.one_of(dice.below(20) == 0 ? kOtherKeys : keys), dice.one_of(values()));
    return dict;
}

}  // namespace

TEST_CASE("every key takes or refuses a value of every type")
{
    const Dict target{{"name", Variant{std::string{"firefox*"}}}};
    const Dict settings{{"nice", Variant{std::int32_t{5}}}};
    std::size_t taken = 0;
    const auto try_all = [&](const Texts& keys, const std::function<bool(const Dict&)>& is_taken) {
        for (const std::string& key : keys) {
            for (const Variant& value : values())
                taken += is_taken({{key, value}}) ? 1 : 0;
        }
    };
    try_all(kTargetKeys, [&](const Dict& dict) { return check(dict, settings, {}); });
    try_all(setting_keys(), [&](const Dict& dict) { return check(target, dict, {}); });
    try_all(kOptionKeys, [&](const Dict& dict) { return check(target, settings, dict); });
    CHECK(taken > 100);
    taken = 0;
    try_all(kOtherKeys, [&](const Dict& dict) {
        return check(dict, settings, {}) || check(target, settings, dict) ||
               (!dict.contains("class") && check(target, dict, {}));
    });
    CHECK(taken == 0);
}

TEST_CASE("a request of random keys and values is taken or refused, and both happen")
{
    Dice dice{20261121};
    const Texts settings = setting_keys();
    constexpr int kRequests = 30'000;
    int taken = 0;
    for (int i = 0; i < kRequests; ++i) {
        const Dict target = random_dict(dice, kTargetKeys, 1);
        const Dict wanted = random_dict(dice, settings, 1);
        taken += check(target, wanted, random_dict(dice, kOptionKeys, 0)) ? 1 : 0;
    }
    CHECK(taken > 20);
    CHECK(taken < kRequests / 2);
}
