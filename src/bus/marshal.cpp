// SPDX-License-Identifier: GPL-3.0-or-later
/// Values of the core as the dictionaries of D-Bus, and back.
#include "bus/marshal.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "bus/dict_keys.hpp"
#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"
#include "core/text.hpp"

namespace priorityd::bus {
namespace {

using sdbus::Variant;
using Texts = std::vector<std::string>;

Variant to_variant(const Value& value)
{
    const RawValue raw_value = to_raw(value);
    if (const auto* number = std::get_if<std::int64_t>(&raw_value))
        return Variant(static_cast<std::int32_t>(*number));
    return Variant(readable(std::get<std::string>(raw_value)));
}

template <typename T, typename Id, std::optional<Id> T::*Member>
Result<void> take_id(T& into, const Variant& value)
{
    into.*Member = Id{value.get<std::uint32_t>()};
    return {};
}

Result<void> take_uses(GivenFacts& into, const Variant& value)
{
    for (const std::string& word : value.get<Texts>()) {
        if (word == "gpu")
            into.uses.gpu = true;
        else if (word == "audio")
            into.uses.audio = true;
        else if (word == "tty")
            into.has_tty = true;
        else
            return failure(EINVAL, fmt::format("uses: \"{}\" is none of \"gpu\", \"audio\", \"tty\"", readable(word)));
    }
    return {};
}

using F = ProcessFilter;
constexpr std::array kFilterKeys{
    Key<F>{"class", "s", take_value<F, std::string, &F::class_name>},
    Key<F>{"source", "s", take_value<F, std::string, &F::source>},
    Key<F>{"name", "s", take_value<F, std::string, &F::name>},
    Key<F>{"uid", "u", take_id<F, Uid, &F::uid>},
};

using G = GivenFacts;
constexpr std::array kFactKeys{
    Key<G>{"name", "s", take_value<G, std::string, &G::name>},
    Key<G>{"exe", "s", take_value<G, std::string, &G::exe>},
    Key<G>{"args", "as", take_value<G, Texts, &G::args>},
    Key<G>{"uid", "u", take_id<G, Uid, &G::user>},
    Key<G>{"gid", "u", take_id<G, Gid, &G::group>},
    Key<G>{"unit", "s", take_value<G, std::string, &G::unit>},
    Key<G>{"slice", "s", take_value<G, std::string, &G::slice>},
    Key<G>{"cgroup", "s", take_value<G, std::string, &G::cgroup>},
    Key<G>{"container", "s", take_value<G, std::string, &G::container>},
    Key<G>{"ancestors", "as", take_value<G, Texts, &G::ancestors>},
    Key<G>{"uses", "as", take_uses},
};

void put_text(Dict& dict, const char* key, const std::string& text)
{
    if (!text.empty())
        dict.emplace(key, Variant(text));
}

void put_texts(Dict& dict, const char* key, const Texts& texts)
{
    if (!texts.empty())
        dict.emplace(key, Variant(texts));
}

template <typename Id>
void put_id(Dict& dict, const char* key, const std::optional<Id>& id)
{
    if (id)
        dict.emplace(key, Variant(raw(*id)));
}

Texts use_words(const GivenFacts& facts)
{
    Texts words;
    if (facts.uses.gpu)
        words.emplace_back("gpu");
    if (facts.uses.audio)
        words.emplace_back("audio");
    if (facts.has_tty)
        words.emplace_back("tty");
    return words;
}

}  // namespace

std::optional<RawValue> read_raw(const Variant& variant)
{
    if (variant.containsValueOfType<std::int32_t>())
        return RawValue{std::int64_t{variant.get<std::int32_t>()}};
    if (variant.containsValueOfType<std::string>())
        return RawValue{variant.get<std::string>()};
    return std::nullopt;
}

Dict to_dict(const SettingMap& settings)
{
    Dict dict;
    for (const auto& [setting, value] : settings)
        dict.emplace(info(setting).name, to_variant(value));
    return dict;
}

Dict to_dict(const ExplainRow& row)
{
    return {
        {"setting", Variant(readable(row.setting))}, {"value", Variant(readable(row.value))},
        {"source", Variant(readable(row.source))},   {"because", Variant(readable(row.because))},
        {"effective", Variant(row.effective)},       {"outcome", Variant(readable(row.outcome))},
    };
}

Dict change_row(const ProcessView& process)
{
    return {
        {"pid", Variant(static_cast<std::uint32_t>(raw(process.key.pid)))},
        {"start_time", Variant(process.key.start_ticks)},
        {"name", Variant(escaped(process.name))},
        {"class", Variant(readable(process.class_name))},
        {"source", Variant(readable(process.source))},
        {"settings", Variant(to_dict(process.settings))},
    };
}

Dict list_row(const ProcessView& process)
{
    Dict dict = change_row(process);
    dict.emplace("exe", Variant(escaped(process.exe)));
    dict.emplace("uid", Variant(raw(process.uid)));
    return dict;
}

Dict to_dict(const ShareRow& row)
{
    return {{"knob", Variant(row.knob)},
            {"group", Variant(readable(row.group))},
            {"value", Variant(row.value)},
            {"among", Variant(readable(row.among))},
            {"live", Variant(row.is_live)}};
}

Dict to_dict(const EngineView& engine)
{
    return {{"name", Variant(readable(engine.name))},
            {"enabled", Variant(engine.is_enabled)},
            {"weight", Variant(engine.weight)},
            {"calls", Variant(engine.calls)},
            {"votes", Variant(engine.votes)},
            {"refused", Variant(engine.refused)},
            {"failures", Variant(engine.failures)},
            {"health", Variant(readable(engine.health))},
            {"programs", Variant(engine.cache.programs)},
            {"hits", Variant(engine.cache.hits)},
            {"misses", Variant(engine.cache.misses)},
            {"latency_usec", Variant(static_cast<std::uint64_t>(engine.cache.latency.count()))}};
}

Dict full_row(const ProcessView& process)
{
    Dict dict = list_row(process);
    dict.emplace("actual", Variant(to_dict(process.actual)));
    return dict;
}

Dict explained_row(const Explanation& explanation)
{
    std::vector<Dict> shares;
    for (const auto& row : explanation.shares)
        shares.push_back(to_dict(row));
    Dict dict = full_row(explanation.process);
    dict.emplace("shares", Variant(shares));
    return dict;
}

std::vector<std::string> to_texts(const Diagnostics& diagnostics)
{
    Texts texts;
    texts.reserve(diagnostics.size());
    for (const Diagnostic& diagnostic : diagnostics)
        texts.push_back(readable(diagnostic.to_text()));
    return texts;
}

Result<ProcessFilter> read_filter(const Dict& dict)
{
    return read_checked<ProcessFilter>(dict, kFilterKeys);
}

Result<GivenFacts> read_facts(const Dict& dict)
{
    return read_checked<GivenFacts>(dict, kFactKeys);
}

Dict to_dict(const ProcessFilter& filter)
{
    Dict dict;
    put_text(dict, "class", filter.class_name);
    put_text(dict, "source", filter.source);
    put_text(dict, "name", filter.name);
    put_id(dict, "uid", filter.uid);
    return dict;
}

Dict to_dict(const GivenFacts& facts)
{
    Dict dict;
    put_text(dict, "name", facts.name);
    put_text(dict, "exe", facts.exe);
    put_texts(dict, "args", facts.args);
    put_id(dict, "uid", facts.user);
    put_id(dict, "gid", facts.group);
    put_text(dict, "unit", facts.unit);
    put_text(dict, "slice", facts.slice);
    put_text(dict, "cgroup", facts.cgroup);
    put_text(dict, "container", facts.container);
    put_texts(dict, "ancestors", facts.ancestors);
    put_texts(dict, "uses", use_words(facts));
    return dict;
}

SettingMap read_settings(const Dict& dict)
{
    SettingMap settings;
    for (const auto& [name, variant] : dict) {
        const SettingInfo* setting = find_setting(name);
        const std::optional<RawValue> raw_value = read_raw(variant);
        if (!setting || !raw_value)
            continue;
        if (auto value = parse_value(setting->setting, *raw_value))
            settings.set(setting->setting, *std::move(value));
    }
    return settings;
}

ProcessView read_process(const Dict& dict)
{
    return {
        .key = {.pid = Pid{static_cast<std::int32_t>(value_at<std::uint32_t>(dict, "pid"))},
                .start_ticks = value_at<std::uint64_t>(dict, "start_time")},
        .name = value_at<std::string>(dict, "name"),
        .public_name = {},
        .exe = value_at<std::string>(dict, "exe"),
        .uid = Uid{value_at<std::uint32_t>(dict, "uid")},
        .class_name = value_at<std::string>(dict, "class"),
        .source = value_at<std::string>(dict, "source"),
        .settings = read_settings(value_at<Dict>(dict, "settings")),
        .actual = read_settings(value_at<Dict>(dict, "actual")),
    };
}

std::vector<ShareRow> read_shares(const Dict& process)
{
    std::vector<ShareRow> rows;
    for (const auto& dict : value_at<std::vector<Dict>>(process, "shares"))
        rows.push_back({.knob = value_at<std::string>(dict, "knob"),
                        .group = value_at<std::string>(dict, "group"),
                        .value = value_at<std::string>(dict, "value"),
                        .among = value_at<std::string>(dict, "among"),
                        .is_live = value_at<bool>(dict, "live")});
    return rows;
}

ExplainRow read_explain_row(const Dict& dict)
{
    return {
        .setting = value_at<std::string>(dict, "setting"),
        .value = value_at<std::string>(dict, "value"),
        .source = value_at<std::string>(dict, "source"),
        .because = value_at<std::string>(dict, "because"),
        .effective = value_at<bool>(dict, "effective"),
        .outcome = value_at<std::string>(dict, "outcome"),
    };
}

EngineView read_engine(const Dict& dict)
{
    return {.name = value_at<std::string>(dict, "name"),
            .is_enabled = value_at<bool>(dict, "enabled"),
            .weight = value_at<double>(dict, "weight"),
            .calls = value_at<std::uint64_t>(dict, "calls"),
            .votes = value_at<std::uint64_t>(dict, "votes"),
            .refused = value_at<std::uint64_t>(dict, "refused"),
            .failures = value_at<std::uint64_t>(dict, "failures"),
            .health = value_at<std::string>(dict, "health"),
            .cache = {.programs = value_at<std::uint32_t>(dict, "programs"),
                      .hits = value_at<std::uint64_t>(dict, "hits"),
                      .misses = value_at<std::uint64_t>(dict, "misses"),
                      .latency = std::chrono::microseconds{
                          static_cast<std::int64_t>(value_at<std::uint64_t>(dict, "latency_usec"))}}};
}

KnobState read_knob(std::string_view text)
{
    constexpr std::string_view kNotLive = "not live: ";
    constexpr std::string_view kLiveBut = "live (";
    if (text.starts_with(kNotLive))
        return {.is_live = false, .why = std::string{text.substr(kNotLive.size())}};
    if (text.starts_with(kLiveBut) && text.ends_with(')'))
        return {.is_live = true, .why = std::string{text.substr(kLiveBut.size(), text.size() - kLiveBut.size() - 1)}};
    return {.is_live = text == "live", .why = text == "live" ? std::string{} : std::string{text}};
}

}  // namespace priorityd::bus
