// SPDX-License-Identifier: GPL-3.0-or-later
/// What the reading of every TOML file shares: telling mistakes with their place, and taking values of one kind.
/// Knows toml++, so it is for the sources of this folder, and for engines that have settings of their own.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "core/condition.hpp"
#include "core/diagnostic.hpp"
#include "core/setting.hpp"

namespace priorityd {

/// A name or pattern is compared with names of files, which are shorter than this on every file system. Source:
/// limits.h, NAME_MAX; a path may be longer.
constexpr std::size_t kLongestPattern = 4096;

/// "text", "a whole number" …: what stands where something else was expected.
[[nodiscard]] std::string_view type_name(const toml::node& node);
[[nodiscard]] std::vector<std::string_view> match_key_names();

/// One file. Whatever is wrong becomes a diagnostic, and the reading goes on.
class TomlReader {
public:
    /// What to do with the value of one key.
    struct Entry {
        std::string_view name;
        std::function<void(const toml::node&)> read;
    };

    /// `diagnostics` must outlive the reader.
    TomlReader(std::string path, Diagnostics& diagnostics) : path_{std::move(path)}, diagnostics_{&diagnostics} {}

    [[nodiscard]] const std::string& path() const { return path_; }

    /// Empty, and told, when it is not TOML.
    [[nodiscard]] std::optional<toml::table> parse(std::string_view text);

    void error(const toml::source_region& where, std::string_view what)
    {
        report(Diagnostic::Level::error, where, what);
    }
    void warn(const toml::source_region& where, std::string_view what)
    {
        report(Diagnostic::Level::warning, where, what);
    }
    /// An error with the nearest of `known`. `in` says where: "a rule".
    void unknown_key(const toml::key& key, std::string_view in, const std::vector<std::string_view>& known);

    /// Hands each key of `table` to its entry; others are told with the nearest known one.
    void read_table(const toml::table& table, std::string_view in, std::span<const Entry> entries);

    // Each takes a value of one kind; another kind is told, with `key` as its name.
    [[nodiscard]] std::optional<std::string> text(const toml::node& node, std::string_view key);
    /// Text of 1 to kLongestPattern bytes without NUL.
    [[nodiscard]] std::optional<std::string> pattern_text(const toml::node& node, std::string_view key);
    void flag(const toml::node& node, std::string_view key, bool& into);
    /// Null when it is none. `example` shows one.
    [[nodiscard]] const toml::table* table(const toml::node& node, std::string_view key, std::string_view example);
    /// Hands each entry of the table to `read`; tells when it is none.
    template <typename Read>
    void read_each(const toml::node& node, std::string_view key, std::string_view example, Read read)
    {
        const auto* entries = table(node, key, example);
        if (!entries)
            return;
        for (const auto& [entry, value] : *entries)
            read(entry, value);
    }
    /// A Nice, an IoWeight … Empty when it is out of range too.
    template <typename Number>
    [[nodiscard]] std::optional<Number> bounded(const toml::node& node, std::string_view key)
    {
        const auto* number = node.as_integer();
        auto valid = number ? Number::make(number->get()) : std::nullopt;
        if (!valid)
            error(node.source(),
                  fmt::format("{}: expected a whole number from {} to {}", key, Number::kLow, Number::kHigh));
        return valid;
    }

    /// One alternative of `key`, or a list of them, added to the condition. An account that this machine lacks is a
    /// warning.
    void read_match_key(const MatchKeyInfo& key, const toml::node& node, const Accounts& accounts, Condition& into);

    /// The settings that a table may name: all of them, or all but the class where that is a key beside the table.
    using KnownSettings = std::span<const SettingInfo>;
    void read_setting(const toml::key& key, const toml::node& node, std::string_view in, KnownSettings known,
                      SettingMap& into);
    /// A whole table of them, not empty. `in` is how it is written: "[rule.set]".
    void read_settings(const toml::node& node, std::string_view in, KnownSettings known, SettingMap& into);
    /// Tells what cannot be together.
    void check_together(const toml::node& node, const SettingMap& settings);

private:
    void report(Diagnostic::Level level, const toml::source_region& where, std::string_view what);

    std::string path_;
    Diagnostics* diagnostics_;
};

}  // namespace priorityd
