// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/toml/override_toml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "core/toml/reader.hpp"

namespace priorityd {
namespace {

using Words = std::vector<std::string_view>;

/// Texts from the TOML reader are valid UTF-8, so only control characters are left to be found. A backslash is none,
/// but escaped() would double it.
bool has_control_characters(std::string text)
{
    std::erase(text, '\\');
    return escaped(text) != text;
}

/// Empty when there is no offset to UTC, or when it lies outside of what such a file can say.
std::optional<std::chrono::sys_seconds> instant_of(const toml::date_time& said)
{
    using namespace std::chrono;
    const year_month_day date{year{said.date.year}, month{said.date.month}, day{said.date.day}};
    if (!said.offset || !date.ok())
        return std::nullopt;
    const sys_seconds instant = sys_days{date} + hours{said.time.hour} + minutes{said.time.minute} +
                                seconds{said.time.second} - minutes{said.offset->minutes};
    const auto in_year = year_month_day{floor<days>(instant)}.year();
    return in_year >= year{1970} && in_year <= year{9999} ? std::optional{instant} : std::nullopt;
}

/// Reads one file into an override.
class OverrideFile {
public:
    OverrideFile(TomlReader& reader, Override& into) : reader_{reader}, into_{into} {}

    void read(const toml::table& root)
    {
        const std::array<TomlReader::Entry, 3> entries{{
            {"override", [this](const toml::node& node) { read_override_table(node); }},
            {"target", [this](const toml::node& node) { read_target(node); }},
            {"set",
             [this](const toml::node& node) { reader_.read_settings(node, "[set]", setting_table(), into_.settings); }},
        }};
        reader_.read_table(root, "an override", entries);
        require(root, "an override", {"override", "target", "set"});
    }

private:
    void read_override_table(const toml::node& node);
    void read_id(const toml::node& node);
    void read_owner(const toml::node& node);
    void read_created(const toml::node& node);
    void read_reason(const toml::node& node);
    void read_target(const toml::node& node);
    void read_pattern(const toml::key& key, const toml::node& node);
    void require(const toml::table& table, std::string_view in, std::initializer_list<std::string_view> keys);

    TomlReader& reader_;
    Override& into_;
};

void OverrideFile::read_override_table(const toml::node& node)
{
    const auto* table = reader_.table(node, "override", "[override]");
    if (!table)
        return;
    const std::array<TomlReader::Entry, 6> entries{{
        {"id", [this](const toml::node& value) { read_id(value); }},
        {"owner", [this](const toml::node& value) { read_owner(value); }},
        {"all_users", [this](const toml::node& value) { reader_.flag(value, "all_users", into_.is_for_everybody); }},
        {"capped", [this](const toml::node& value) { reader_.flag(value, "capped", into_.is_capped); }},
        {"created", [this](const toml::node& value) { read_created(value); }},
        {"reason", [this](const toml::node& value) { read_reason(value); }},
    }};
    reader_.read_table(*table, "[override]", entries);
    require(*table, "[override]", {"id", "owner", "all_users", "capped", "created"});
}

void OverrideFile::read_id(const toml::node& node)
{
    into_.id = reader_.text(node, "id").value_or("");
    if (node.is_string() && !is_override_id(into_.id))
        reader_.error(node.source(), fmt::format("id = \"{}\": expected a whole number in quotes, \"17\"", into_.id));
}

void OverrideFile::read_owner(const toml::node& node)
{
    const auto* number = node.as_integer();
    if (number && number->get() >= 0 && number->get() < std::int64_t{raw(kNobodysUid)})
        into_.owner = Uid{static_cast<std::uint32_t>(number->get())};
    else
        reader_.error(node.source(),
                      fmt::format("owner: expected the number of a user, 0 to {}", raw(kNobodysUid) - 1));
}

void OverrideFile::read_created(const toml::node& node)
{
    const auto* said = node.as_date_time();
    if (const auto instant = said ? instant_of(said->get()) : std::nullopt)
        into_.created = *instant;
    else
        reader_.error(node.source(), "created: expected a date and time with its offset, 2026-01-31T12:00:00Z");
}

void OverrideFile::read_reason(const toml::node& node)
{
    into_.reason = reader_.text(node, "reason").value_or("");
    if (has_control_characters(into_.reason))
        reader_.error(node.source(), "reason: expected text without line breaks and other control characters");
}

void OverrideFile::read_target(const toml::node& node)
{
    const auto* table = reader_.table(node, "target", "[target]");
    if (!table)
        return;
    for (const auto& [key, value] : *table)
        read_pattern(key, value);
    if (table->size() != 1)
        reader_.error(node.source(), "[target] needs one of name, exe and unit, and not more");
}

void OverrideFile::read_pattern(const toml::key& key, const toml::node& node)
{
    if (key.str() == "pid")
        return reader_.error(key.source(),
                             "pid: a process does not outlive the machine's next start; name its program");
    const Words known{"name", "exe", "unit"};
    if (std::ranges::find(known, key.str()) == known.end())
        return reader_.unknown_key(key, "[target]", known);
    if (auto glob = reader_.pattern_text(node, key.str()))
        into_.target = PatternTarget{find_match_key(key.str())->key, *std::move(glob)};
}

void OverrideFile::require(const toml::table& table, std::string_view in, std::initializer_list<std::string_view> keys)
{
    for (const auto key : keys) {
        if (!table.contains(key))
            reader_.error(table.source(), fmt::format("{} needs \"{}\"", in, key));
    }
}

std::string toml_value(const Value& value)
{
    const auto raw_value = to_raw(value);
    const auto* text = std::get_if<std::string>(&raw_value);
    return text ? toml_string(*text) : to_text(raw_value);
}

std::string written(const Override& permanent, const PatternTarget& target)
{
    const auto day = std::chrono::floor<std::chrono::days>(permanent.created);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss time{permanent.created - day};
    const auto date_text = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    const auto time_text =
        fmt::format("{:02}:{:02}:{:02}", time.hours().count(), time.minutes().count(), time.seconds().count());
    auto text = fmt::format(
        "# An override that user {0} made on {1} at {2} UTC; priorityd reads it when it starts.\n"
        "# To remove it: priorityctl unset {3}\n"
        "[override]\nid = {4}\nowner = {0}\nall_users = {5}\ncapped = {6}\ncreated = {1}T{2}Z\nreason = {7}\n\n"
        "[target]\n{8} = {9}\n\n[set]\n",
        raw(permanent.owner), date_text, time_text, permanent.id, toml_string(permanent.id), permanent.is_for_everybody,
        permanent.is_capped, toml_string(permanent.reason),
        match_key_table()[static_cast<std::size_t>(target.key)].name, toml_string(target.glob));
    for (const auto& [setting, value] : permanent.settings)
        text += fmt::format("{} = {}\n", info(setting).name, toml_value(value));
    return text;
}

std::string why_not_read_back(const OverrideReading& reading)
{
    const auto first = std::ranges::find(reading.diagnostics, Diagnostic::Level::error, &Diagnostic::level);
    return first == reading.diagnostics.end() ? "it would be read back as something else" : first->what;
}

}  // namespace

bool is_override_id(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() && (text.front() != '0' || text.size() == 1);
}

Result<std::string> to_toml(const Override& permanent)
{
    const auto doing = fmt::format("override {}", escaped(permanent.id));
    const auto* target = std::get_if<PatternTarget>(&permanent.target);
    if (!target || !permanent.is_permanent || permanent.ends || !permanent.connection.empty())
        return failure(0, doing + ": only one of a pattern and without an end is permanent");
    auto text = written(permanent, *target);
    const auto reading = read_override({}, text);
    if (reading.kept != permanent)
        return failure(0, fmt::format("{}: {}", doing, why_not_read_back(reading)));
    return text;
}

OverrideReading read_override(std::string path, std::string_view text)
{
    OverrideReading reading;
    TomlReader reader{std::move(path), reading.diagnostics};
    Override kept{};
    kept.is_permanent = true;
    if (const auto root = reader.parse(text))
        OverrideFile{reader, kept}.read(*root);
    sort(reading.diagnostics);
    if (!has_errors(reading.diagnostics))
        reading.kept = std::move(kept);
    return reading;
}

}  // namespace priorityd
