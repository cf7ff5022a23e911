// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/toml/limits_toml.hpp"

#include <array>

namespace priorityd {

void read_limits(TomlReader& reader, const toml::node& node, std::string_view in, LimitChanges& into)
{
    const auto* table = reader.table(node, "limits", in);
    if (!table)
        return;
    const auto nice = [&](const toml::node& value, std::string_view key, std::optional<Nice>& limit) {
        if (const auto read = reader.bounded<Nice>(value, key))
            limit = read;
    };
    const auto flag = [&](const toml::node& value) {
        bool is_allowed = true;
        reader.flag(value, "limits.realtime", is_allowed);
        into.realtime = is_allowed;
    };
    const std::array<TomlReader::Entry, 4> entries{{
        {"min_nice", [&](const toml::node& value) { nice(value, "limits.min_nice", into.min_nice); }},
        {"user_min_nice", [&](const toml::node& value) { nice(value, "limits.user_min_nice", into.user_min_nice); }},
        {"user_program_min_nice",
         [&](const toml::node& value) { nice(value, "limits.user_program_min_nice", into.user_program_min_nice); }},
        {"realtime", flag},
    }};
    reader.read_table(*table, in, entries);
}

}  // namespace priorityd
