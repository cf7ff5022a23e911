// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/package_text.hpp"

#include <algorithm>
#include <cstddef>

#include "core/names.hpp"
#include "kernel/bounded_file.hpp"
#include "kernel/key_lines.hpp"

namespace priorityd::kernel {
namespace {

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

/// Dependencies of a package that has everything take 10 KB.
constexpr std::size_t kLongestLine = 64UL << 10U;

/// Lines up to an empty one.
struct Paragraph {
    PackageStanza stanza;
    bool is_empty = true;
    bool is_malformed = false;

    [[nodiscard]] bool is_good() const { return !is_malformed && !stanza.package.empty(); }

    void add(std::string_view line, bool is_cut)
    {
        is_empty = false;
        is_malformed = is_malformed || is_cut;
        if (line.starts_with(' ') || line.starts_with('\t'))
            return;  // goes on with the field above
        const auto [key, value] = field_of(line, ':');
        is_malformed = is_malformed || key.empty();
        if (key == "Package")
            stanza.package = value;
        else if (key == "Section")
            stanza.section = value;
        else if (key == "Description")
            stanza.description = value;
        else if (key == "Tag")
            stanza.tag = value;
    }
};

}  // namespace

std::uint64_t for_each_package(std::istream& status, const std::function<void(const PackageStanza&)>& visit)
{
    std::uint64_t refused = 0;
    Paragraph paragraph;
    const auto end = [&] {
        if (paragraph.is_good())
            visit(paragraph.stanza);
        else if (!paragraph.is_empty)
            ++refused;
        paragraph = {};
    };
    for (BoundedLines lines{status, kLongestLine}; lines.next();) {
        if (lines.line().empty())
            end();
        else
            paragraph.add(lines.line(), lines.is_cut());
    }
    end();
    return refused;
}

std::string_view package_of_list(std::string_view file_name)
{
    constexpr std::string_view kSuffix = ".list";
    if (!file_name.ends_with(kSuffix))
        return {};
    file_name.remove_suffix(kSuffix.size());
    return file_name.substr(0, file_name.find(':'));
}

std::vector<std::string_view> paths_in_packages(std::string_view path)
{
    constexpr std::string_view kUsr = "/usr";
    std::vector<std::string_view> paths{path};
    if (path.starts_with(kUsr) && path.substr(kUsr.size()).starts_with('/'))
        paths.push_back(path.substr(kUsr.size()));
    return paths;
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

std::optional<DesktopEntry> parse_desktop_entry(std::string_view text)
{
    DesktopEntry entry;
    bool is_in_group = false;
    bool is_sandboxed = false;
    bool is_hidden = false;
    std::string_view type;
    if (text.find('\0') != std::string_view::npos)
        return std::nullopt;
    while (!text.empty()) {
        const auto line = trimmed(take_line(text));
        if (line.starts_with('[')) {
            if (is_in_group)
                break;  // actions and the like, which follow
            is_in_group = line == "[Desktop Entry]";
            continue;
        }
        if (!is_in_group || line.empty() || line.starts_with('#'))
            continue;
        const auto [key, value] = field_of(line, '=');
        if (key.empty())
            return std::nullopt;
        if (key == "Type")
            type = value;
        else if (key == "Hidden")
            is_hidden = value == "true";
        else if (key == "X-Flatpak" || key == "X-SnapInstanceName")
            is_sandboxed = true;
        else if (key == "Categories")
            entry.categories = parts_of(value, ';');
        else if (key == "Exec")
            entry.program = program_in(value);
    }
    if (type.empty())
        return std::nullopt;
    if (type != "Application" || is_hidden)
        return DesktopEntry{};
    if (is_sandboxed)
        entry.program.clear();
    return entry;
}

}  // namespace priorityd::kernel
