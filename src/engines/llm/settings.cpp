// SPDX-License-Identifier: GPL-3.0-or-later
#include "engines/llm/settings.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "core/toml/reader.hpp"
#include "core/units.hpp"

namespace priorityd::llm {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPlain = "http://";
constexpr std::string_view kSecure = "https://";

/// What stands between the scheme and the path: "user@host:80".
std::string_view authority_of(std::string_view url)
{
    for (const auto scheme : {kPlain, kSecure}) {
        if (url.starts_with(scheme))
            return url.substr(scheme.size(), url.find_first_of("/?#", scheme.size()) - scheme.size());
    }
    return {};
}

void read_url(TomlReader& reader, const toml::node& node, std::string& into)
{
    const auto url = reader.text(node, "base_url");
    if (!url)
        return;
    const auto authority = authority_of(*url);
    const bool has_odd_characters = url->find_first_of("?#\\") != std::string::npos ||
                                    std::ranges::any_of(*url, [](char one) { return one <= ' ' || one > '~'; });
    if (authority.empty() || authority.find('@') != std::string_view::npos || has_odd_characters)
        return reader.error(node.source(),
                            fmt::format("base_url \"{}\" is no address of an API: write \"http://127.0.0.1:8080/v1\", "
                                        "without name, password or question mark",
                                        *url));
    into = *url;
    while (into.ends_with('/'))
        into.pop_back();
}

void read_model(TomlReader& reader, const toml::node& node, std::string& into)
{
    constexpr std::size_t kLongest = 256;
    const auto model = reader.text(node, "model");
    if (model && model->size() <= kLongest)
        into = *model;
    else if (model)
        reader.error(node.source(), fmt::format("model: expected a name of at most {} bytes", kLongest));
}

void read_key_file(TomlReader& reader, const toml::node& node, std::string& into)
{
    const auto path = reader.text(node, "api_key_file");
    if (path && (path->empty() || path->starts_with('/')))
        into = *path;
    else if (path)
        reader.error(node.source(), "api_key_file: expected the absolute path of a file with the key, not the key");
}

void read_time(TomlReader& reader, const toml::node& node, std::string_view key, std::chrono::milliseconds least,
               std::chrono::milliseconds most, std::chrono::milliseconds& into)
{
    const auto* text = node.as_string();
    const auto time = text ? parse_duration(text->get()) : std::nullopt;
    if (time && *time >= least && *time <= most)
        into = std::chrono::ceil<std::chrono::milliseconds>(*time);
    else
        reader.error(node.source(), fmt::format("{}: expected a time from \"{}\" to \"{}\" in quotes", key,
                                                duration_text(least), duration_text(most)));
}

void read_number(TomlReader& reader, const toml::node& node, std::string_view key, std::int64_t least,
                 std::int64_t most, std::int64_t& into)
{
    const auto* number = node.as_integer();
    if (number && number->get() >= least && number->get() <= most)
        into = number->get();
    else
        reader.error(node.source(), fmt::format("{}: expected a whole number from {} to {}", key, least, most));
}

void read_days(TomlReader& reader, const toml::node& node, std::chrono::days& into)
{
    constexpr std::int64_t kMostDays = 3650;
    std::int64_t days = into.count();
    read_number(reader, node, "remember_days", 1, kMostDays, days);
    into = std::chrono::days{days};
}

void read_names(TomlReader& reader, const toml::node& node, std::vector<std::string>& into)
{
    const auto* list = node.as_array();
    std::vector<std::string> names;
    for (std::size_t i = 0; list && i < list->size(); ++i) {
        const auto* name = list->get(i)->as_string();
        if (!name || name->get().empty() || name->get().find('/') != std::string::npos)
            list = nullptr;
        else
            names.push_back(name->get());
    }
    if (list)
        into = std::move(names);
    else
        reader.error(node.source(), R"(never_ask: expected a list of names of programs, ["llama-server"])");
}

}  // namespace

void read_settings(const std::string& path, std::string_view text, Settings& settings, Diagnostics& diagnostics)
{
    constexpr std::int64_t kMostPrograms = 32;
    constexpr std::int64_t kMostRequests = 100'000;
    constexpr std::int64_t kFewestTokens = 1000;
    TomlReader reader{path, diagnostics};
    const auto table = reader.parse(text);
    if (!table)
        return;
    const auto number = [&](std::string_view key, std::int64_t least, std::int64_t most, std::int64_t& into) {
        return [&reader, key, least, most, &into](const toml::node& node) {
            read_number(reader, node, key, least, most, into);
        };
    };
    const std::array<TomlReader::Entry, 10> entries{{
        {"base_url", [&](const toml::node& node) { read_url(reader, node, settings.base_url); }},
        {"model", [&](const toml::node& node) { read_model(reader, node, settings.model); }},
        {"api_key_file", [&](const toml::node& node) { read_key_file(reader, node, settings.api_key_file); }},
        {"timeout", [&](const toml::node& node) { read_time(reader, node, "timeout", 1s, 1h, settings.timeout); }},
        {"gather", [&](const toml::node& node) { read_time(reader, node, "gather", 0s, 10min, settings.gather); }},
        {"batch", number("batch", 1, kMostPrograms, settings.batch)},
        {"requests_per_hour", number("requests_per_hour", 1, kMostRequests, settings.requests_per_hour)},
        {"tokens_per_day",
         number("tokens_per_day", kFewestTokens, std::numeric_limits<std::int32_t>::max(), settings.tokens_per_day)},
        {"remember_days", [&](const toml::node& node) { read_days(reader, node, settings.remember); }},
        {"never_ask", [&](const toml::node& node) { read_names(reader, node, settings.never_ask); }},
    }};
    reader.read_table(*table, "the settings of priorityd-llm", entries);
    if (!settings.api_key_file.empty() && settings.base_url.starts_with(kPlain) && !is_loopback(settings.base_url))
        diagnostics.push_back({.level = Diagnostic::Level::error,
                               .file = path,
                               .what = "the key of api_key_file would go to another machine for everybody to read: "
                                       "base_url has to begin with https://"});
}

bool is_loopback(std::string_view base_url)
{
    auto authority = authority_of(base_url);
    if (authority.starts_with("[::1]"))
        return authority.size() == 5 || authority[5] == ':';
    const auto host = authority.substr(0, authority.find(':'));
    if (host == "localhost")
        return true;
    // 127.0.0.0/8, written as four numbers and nothing else: "127.0.0.1.example.org" is a name.
    return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace priorityd::llm
