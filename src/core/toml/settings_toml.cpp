// SPDX-License-Identifier: GPL-3.0-or-later
/// The daemon's own settings from TOML.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/toml/policy_toml.hpp"
#include "core/toml/reader.hpp"

namespace priorityd {
namespace {

void read_limits(TomlReader& reader, const toml::table& table, Limits& limits)
{
    const auto nice = [&](const toml::node& node, std::string_view key, Nice& into) {
        into = reader.bounded<Nice>(node, key).value_or(into);
    };
    const std::array<TomlReader::Entry, 4> entries{{
        {"min_nice", [&](const toml::node& node) { limits.min_nice = reader.bounded<Nice>(node, "limits.min_nice"); }},
        {"user_min_nice", [&](const toml::node& node) { nice(node, "limits.user_min_nice", limits.user_min_nice); }},
        {"user_program_min_nice",
         [&](const toml::node& node) { nice(node, "limits.user_program_min_nice", limits.user_program_min_nice); }},
        {"realtime", [&](const toml::node& node) { reader.flag(node, "limits.realtime", limits.realtime); }},
    }};
    reader.read_table(table, "[limits]", entries);
}

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

void read_settings_file(TomlReader& reader, const toml::table& root, Settings& settings)
{
    const auto flag = [&](std::string_view key, bool& into) {
        return TomlReader::Entry{key, [&reader, key, &into](const toml::node& node) { reader.flag(node, key, into); }};
    };
    const auto limits = [&](const toml::node& node) {
        if (const auto* table = reader.table(node, "limits", "[limits]"))
            read_limits(reader, *table, settings.limits);
    };
    const auto compat = [&](const toml::node& node) {
        const auto* table = reader.table(node, "compat", "[compat]");
        const std::array entries{flag("ananicy", settings.reads_ananicy)};
        if (table)
            reader.read_table(*table, "[compat]", entries);
    };
    const std::array<TomlReader::Entry, 6> entries{
        flag("restore_on_exit", settings.restore_on_exit),
        flag("realtime", settings.realtime),
        flag("autogroup", settings.autogroup),
        TomlReader::Entry{"ananicy_dirs",
                          [&](const toml::node& node) { settings.ananicy_dirs = read_folders(reader, node); }},
        TomlReader::Entry{"compat", compat},
        TomlReader::Entry{"limits", limits},
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
