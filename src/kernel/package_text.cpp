// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/package_text.hpp"

#include <algorithm>
#include <cstddef>

#include "core/names.hpp"

namespace priorityd::kernel {
namespace {

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r";
    const auto begin = text.find_first_not_of(kBlanks);
    return begin == std::string_view::npos ? std::string_view{}
                                           : text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// What follows `key` and `between` in the line; null where another key stands there.
struct Field {
    std::string_view key;
    std::string_view value;
};

Field field_of(std::string_view line, char between)
{
    const auto end = line.find(between);
    if (end == std::string_view::npos)
        return {};
    return {trimmed(line.substr(0, end)), trimmed(line.substr(end + 1))};
}

/// The next word of a command line, without its quotes. Source: Desktop Entry Specification, "The Exec key".
std::string take_word(std::string_view& line)
{
    line = trimmed(line);
    std::string word;
    bool is_quoted = false;
    std::size_t at = 0;
    for (; at < line.size() && (is_quoted || line[at] != ' '); ++at) {
        if (line[at] == '"')
            is_quoted = !is_quoted;
        else if (line[at] == '\\' && at + 1 < line.size())
            word += line[++at];
        else
            word += line[at];
    }
    line.remove_prefix(at);
    return word;
}

/// Past `env` and what it sets. Source: env(1).
std::string program_in(std::string_view command)
{
    auto word = take_word(command);
    if (base_name(word) != "env")
        return word;
    do {
        if (word == "-u" || word == "-C")
            (void)take_word(command);
        word = take_word(command);
    } while (word.find('=') != std::string::npos || word.starts_with('-'));
    return word;
}

}  // namespace

void for_each_package(std::istream& status, const std::function<void(const PackageStanza&)>& visit)
{
    PackageStanza stanza;
    std::string line;
    while (std::getline(status, line)) {
        if (line.empty() && !stanza.package.empty()) {
            visit(stanza);
            stanza = {};
        }
        if (line.starts_with(' '))
            continue;  // goes on with the field above
        const auto [key, value] = field_of(line, ':');
        if (key == "Package")
            stanza.package = value;
        else if (key == "Section")
            stanza.section = value;
        else if (key == "Description")
            stanza.description = value;
        else if (key == "Tag")
            stanza.tag = value;
    }
    if (!stanza.package.empty())
        visit(stanza);
}

std::string_view package_of_list(std::string_view file_name)
{
    constexpr std::string_view kSuffix = ".list";
    if (!file_name.ends_with(kSuffix))
        return {};
    file_name.remove_suffix(kSuffix.size());
    return file_name.substr(0, file_name.find(':'));
}

std::vector<std::string> parts_of(std::string_view list, char between)
{
    std::vector<std::string> parts;
    while (!list.empty()) {
        const auto end = std::min(list.find(between), list.size());
        if (const auto part = trimmed(list.substr(0, end)); !part.empty())
            parts.emplace_back(part);
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return parts;
}

ProgramInfo info_of(const PackageStanza& stanza)
{
    return {.section = stanza.section,
            .description = stanza.description,
            .tags = parts_of(stanza.tag, ','),
            .categories = {}};
}

DesktopEntry parse_desktop_entry(std::istream& text)
{
    DesktopEntry entry;
    bool is_in_group = false;
    bool is_application = false;
    for (std::string raw_line; std::getline(text, raw_line);) {
        const auto line = trimmed(raw_line);
        if (line.starts_with('[')) {
            if (is_in_group)
                break;  // actions and the like, which follow
            is_in_group = line == "[Desktop Entry]";
            continue;
        }
        if (!is_in_group || line.starts_with('#'))
            continue;
        const auto [key, value] = field_of(line, '=');
        if (key == "Type")
            is_application = value == "Application";
        else if ((key == "Hidden" && value == "true") || key == "X-Flatpak" || key == "X-SnapInstanceName")
            return {};
        else if (key == "Categories")
            entry.categories = parts_of(value, ';');
        else if (key == "Exec")
            entry.program = program_in(value);
    }
    return is_application ? entry : DesktopEntry{};
}

}  // namespace priorityd::kernel
