// SPDX-License-Identifier: GPL-3.0-or-later
/// The daemon's own settings from TOML.
#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/cgroup_path.hpp"
#include "core/scoring/engine_address.hpp"
#include "core/scoring/engines.hpp"
#include "core/toml/limits_toml.hpp"
#include "core/toml/policy_toml.hpp"
#include "core/toml/reader.hpp"

namespace priorityd {
namespace {

/// Empty, and told, when it is no list of absolute paths.
std::optional<std::vector<std::string>> read_folders(TomlReader& reader, const toml::node& node)
{
    const auto* list = node.as_array();
    std::vector<std::string> folders;
    if (list) {
        for (const auto& element : *list) {
            if (const auto* folder = element.as_string(); folder && folder->get().starts_with('/'))
                folders.push_back(folder->get());
        }
    }
    if (list && folders.size() == list->size())
        return folders;
    reader.error(node.source(), R"(ananicy_dirs: expected a list of absolute paths, ["/etc/ananicy.d"])");
    return std::nullopt;
}

constexpr const char* kSliceExample = R"([slices], and below it "system.slice" = { cpu_weight = 200 })";

void read_slice(TomlReader& reader, const toml::key& key, const toml::node& node, SliceWeights& slices)
{
    if (!is_slice_name(key.str()))
        return reader.error(key.source(),
                            fmt::format("\"{}\" is no name of a slice: write {}", key.str(), kSliceExample));
    SettingMap settings;
    const auto weights = setting_table().subspan(static_cast<std::size_t>(Setting::cpu_weight), 2);
    reader.read_each(node, key.str(), kSliceExample, [&](const toml::key& setting, const toml::node& value) {
        reader.read_setting(setting, value, fmt::format("slice \"{}\"", key.str()), weights, settings);
    });
    slices[std::string{key.str()}] = weights_in(settings);
}

void read_session_scopes(TomlReader& reader, const toml::node& node, SessionScopes& into)
{
    const auto word = node.value<std::string_view>();
    if (word == "split" || word == "leave")
        into = word == "split" ? SessionScopes::split : SessionScopes::leave;
    else
        reader.error(node.source(), R"(session_scopes: expected "leave" or "split")");
}

/// A part of 1, for thresholds and weights.
void read_part(TomlReader& reader, const toml::node& node, std::string_view key, double& into)
{
    const auto part = node.value<double>();
    if (part && *part >= 0 && *part <= 1)
        into = *part;
    else
        reader.error(node.source(), fmt::format("{}: expected a number from 0 to 1", key));
}

constexpr const char* kEngineExample = "[engine.metadata], and below it enabled = false or weight = 0.5";

std::vector<TomlReader::Entry> engine_entries(TomlReader& reader, EngineSettings& engine)
{
    return {{"enabled", [&](const toml::node& value) { reader.flag(value, "enabled", engine.is_enabled); }},
            {"weight", [&](const toml::node& value) { read_part(reader, value, "weight", engine.weight); }}};
}

void read_timeout(TomlReader& reader, const toml::node& node, std::chrono::milliseconds& into)
{
    using namespace std::chrono_literals;
    const auto* text = node.as_string();
    const auto timeout = text ? parse_duration(text->get()) : std::nullopt;
    if (timeout && *timeout >= 100ms && *timeout <= 10min)
        into = std::chrono::ceil<std::chrono::milliseconds>(*timeout);
    else
        reader.error(node.source(), R"(timeout: expected a time from "100ms" to "600s" in quotes)");
}

void read_bus_name(TomlReader& reader, const toml::node& node, std::string& into)
{
    const auto name = reader.text(node, "bus_name");
    if (name && is_well_known_name(*name))
        into = *name;
    else if (name)
        reader.error(
            node.source(),
            fmt::format(R"(bus_name "{}" is no well-known name of D-Bus: write "org.example.Guesser")", *name));
}

void read_object_path(TomlReader& reader, const toml::node& node, std::string& into)
{
    const auto path = reader.text(node, "object_path");
    if (path && is_object_path(*path))
        into = *path;
    else if (path)
        reader.error(node.source(),
                     fmt::format(R"(object_path "{}" is no path of D-Bus: write "/org/priorityd1/Engine")", *path));
}

/// An engine outside: what `engine` says already, from another file, holds on.
void read_outside_engine(TomlReader& reader, const std::string& name, const toml::table& table, EngineSettings& engine)
{
    EngineAddress& address = engine.address ? *engine.address : engine.address.emplace();
    auto entries = engine_entries(reader, engine);
    const auto add = [&](std::string_view key, std::function<void(const toml::node&)> read) {
        entries.push_back({key, std::move(read)});
    };
    add("bus_name", [&](const toml::node& value) { read_bus_name(reader, value, address.bus_name); });
    add("object_path", [&](const toml::node& value) { read_object_path(reader, value, address.object_path); });
    add("timeout", [&](const toml::node& value) { read_timeout(reader, value, engine.timeout); });
    add("send_arguments",
        [&](const toml::node& value) { reader.flag(value, "send_arguments", engine.sends_arguments); });
    add("send_behaviour",
        [&](const toml::node& value) { reader.flag(value, "send_behaviour", engine.sends_behaviour); });
    reader.read_table(table, fmt::format("[engine.{}]", name), entries);
}

/// One that is built in, or one outside: that is what bus_name says.
void read_engine(TomlReader& reader, const toml::key& key, const toml::node& node, ScoringSettings& scoring)
{
    const std::string name{key.str()};
    const bool is_built_in = find_scoring_engine(name) != nullptr;
    const auto* table = node.as_table();
    const bool is_outside = !is_built_in && ((table && table->contains("bus_name")) || scoring.engines.contains(name));
    if (!is_built_in && !is_outside) {
        std::vector<std::string_view> known;
        std::ranges::transform(scoring_engines(), std::back_inserter(known), &ScoringEngine::name);
        return reader.unknown_key(key, "[engine], which is one outside only with a bus_name", known);
    }
    table = reader.table(node, name, kEngineExample);
    if (!table)
        return;
    if (is_outside && !is_engine_name(name))
        return reader.error(key.source(),
                            fmt::format("\"{}\" is no name for an engine: write 1 to 64 of the letters a to z, "
                                        "digits and -",
                                        name));
    if (is_outside)
        return read_outside_engine(reader, name, *table, scoring.engines[name]);
    reader.read_table(*table, fmt::format("[engine.{}]", name), engine_entries(reader, scoring.engines[name]));
}

constexpr const char* kOverlayExample = R"([profiles], and below it on-battery = "battery")";

/// Whether there is an overlay of that name is known when the rules have been read.
void read_overlay_mention(TomlReader& reader, const toml::node& node, const OccasionInfo& about, OverlaySettings& into)
{
    const auto name = reader.text(node, about.word);
    if (!name)
        return;
    if (!is_overlay_name(*name) && *name != kNoOverlay)
        return reader.error(
            node.source(),
            fmt::format(R"(profiles.{}: "{}" is no name of a profile: write one, "none" for no profile, )"
                        "or leave the line out",
                        about.word, *name));
    const auto& at = node.source().begin;
    into[about.occasion] = {.name = *name, .file = reader.path(), .line = at.line, .column = at.column};
}

void read_overlays(TomlReader& reader, const toml::node& node, OverlaySettings& into)
{
    const auto* table = reader.table(node, "profiles", kOverlayExample);
    std::vector<TomlReader::Entry> entries;
    for (const auto& about : occasion_table())
        entries.push_back({about.word, [&reader, &about, &into](const toml::node& value) {
                               read_overlay_mention(reader, value, about, into);
                           }});
    if (table)
        reader.read_table(*table, "[profiles]", entries);
}

void read_settings_file(TomlReader& reader, const toml::table& root, Settings& settings)
{
    const auto flag = [&](std::string_view key, bool& into) {
        return TomlReader::Entry{key, [&reader, key, &into](const toml::node& node) { reader.flag(node, key, into); }};
    };
    const auto limits = [&](const toml::node& node) {
        LimitChanges changes;
        read_limits(reader, node, "[limits]", changes);
        apply(changes, settings.limits);
    };
    const auto overlays = [&](const toml::node& node) { read_overlays(reader, node, settings.overlays); };
    const auto compat = [&](const toml::node& node) {
        const auto* table = reader.table(node, "compat", "[compat]");
        const std::array entries{flag("ananicy", settings.reads_ananicy)};
        if (table)
            reader.read_table(*table, "[compat]", entries);
    };
    const auto slices = [&](const toml::node& node) {
        reader.read_each(node, "slices", kSliceExample, [&](const toml::key& key, const toml::node& value) {
            read_slice(reader, key, value, settings.slices);
        });
    };
    const auto engines = [&](const toml::node& node) {
        reader.read_each(node, "engine", kEngineExample, [&](const toml::key& key, const toml::node& value) {
            read_engine(reader, key, value, settings.scoring);
        });
    };
    const auto scoring = [&](const toml::node& node) {
        const auto* table = reader.table(node, "scoring", "[scoring]");
        const std::array<TomlReader::Entry, 2> known{{
            {"enabled",
             [&](const toml::node& value) { reader.flag(value, "scoring.enabled", settings.scoring.is_enabled); }},
            {"threshold",
             [&](const toml::node& value) {
                 read_part(reader, value, "scoring.threshold", settings.scoring.threshold);
             }},
        }};
        if (table)
            reader.read_table(*table, "[scoring]", known);
    };
    const std::array<TomlReader::Entry, 12> entries{
        flag("restore_on_exit", settings.restore_on_exit),
        flag("realtime", settings.realtime),
        flag("autogroup", settings.autogroup),
        flag("unit_weights", settings.unit_weights),
        TomlReader::Entry{"slices", slices},
        TomlReader::Entry{"session_scopes",
                          [&](const toml::node& node) { read_session_scopes(reader, node, settings.session_scopes); }},
        TomlReader::Entry{"ananicy_dirs",
                          [&](const toml::node& node) { settings.ananicy_dirs = read_folders(reader, node); }},
        TomlReader::Entry{"compat", compat},
        TomlReader::Entry{"limits", limits},
        TomlReader::Entry{"profiles", overlays},
        TomlReader::Entry{"scoring", scoring},
        TomlReader::Entry{"engine", engines},
    };
    reader.read_table(root, "the settings", entries);
}

}  // namespace

void read_settings_toml(const std::string& path, std::string_view text, Settings& settings, Diagnostics& diagnostics)
{
    TomlReader reader{path, diagnostics};
    if (const auto root = reader.parse(text))
        read_settings_file(reader, *root, settings);
}

}  // namespace priorityd
