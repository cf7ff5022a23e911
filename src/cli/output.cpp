// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/output.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "bus/readable.hpp"

namespace priorityd::cli {
namespace {

constexpr std::string_view kReset = "\x1b[0m";

std::string_view sequence(Style style)
{
    switch (style) {
        case Style::plain: break;
        case Style::bold: return "\x1b[1m";
        case Style::dim: return "\x1b[2m";
        case Style::red: return "\x1b[31m";
        case Style::yellow: return "\x1b[33m";
        case Style::green: return "\x1b[32m";
    }
    return {};
}

/// Columns that the text takes, if every character takes one.
std::size_t width_of(std::string_view text)
{
    const auto starts_character = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U; };
    return static_cast<std::size_t>(std::ranges::count_if(text, starts_character));
}

std::string padded(const Cell& cell, std::size_t width, Table::Align align, Colour colour)
{
    const std::string text = bus::readable(cell.text);
    const std::string blanks(width - std::min(width, width_of(text)), ' ');
    const std::string shown = styled(text, cell.style, colour);
    return align == Table::Align::right ? blanks + shown : shown + blanks;
}

}  // namespace

Colour wanted_colour()
{
    const char* refused = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    const bool is_refused = refused && *refused != '\0';
    const bool is_dumb = !terminal || std::strcmp(terminal, "dumb") == 0;
    return ::isatty(STDOUT_FILENO) == 1 && !is_refused && !is_dumb ? Colour::on : Colour::off;
}

std::string styled(std::string_view text, Style style, Colour colour)
{
    if (colour == Colour::off || style == Style::plain || text.empty())
        return std::string{text};
    return fmt::format("{}{}{}", sequence(style), text, kReset);
}

Table::Table(std::vector<Column> columns) : columns_{std::move(columns)} {}

std::vector<std::size_t> Table::widths() const
{
    std::vector<std::size_t> widths;
    for (std::size_t column = 0; column < columns_.size(); ++column) {
        std::size_t width = width_of(columns_[column].title);
        for (const auto& row : rows_)
            width = std::max(width, width_of(bus::readable(row[column].text)));
        widths.push_back(width);
    }
    if (columns_.back().align == Align::left)
        widths.back() = 0;
    return widths;
}

std::string Table::to_text(Colour colour) const
{
    const std::vector<std::size_t> wide = widths();
    std::string text;
    const auto add_line = [&](const std::vector<Cell>& row) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            text += column == 0 ? "" : "  ";
            text += padded(row[column], wide[column], columns_[column].align, colour);
        }
        text += '\n';
    };
    std::vector<Cell> titles;
    for (const Column& column : columns_)
        titles.push_back({column.title, Style::dim});
    add_line(titles);
    std::ranges::for_each(rows_, add_line);
    return text;
}

std::string settings_text(const SettingMap& settings)
{
    std::string text;
    for (const auto& [setting, value] : settings)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", info(setting).name, to_text(value));
    return text.empty() ? "-" : text;
}

std::string counted(std::uint64_t count, std::string_view noun)
{
    const std::string_view plural = noun.ends_with('s') ? "es" : "s";
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : plural);
}

void print(std::string_view text)
{
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_aside(std::string_view text)
{
    fmt::print(stderr, "{}", text);
}

ExitStatus fail(ExitStatus status, std::string_view text)
{
    fmt::print(stderr, "priorityctl: {}\n", bus::readable(text));
    return status;
}

ExitStatus finish(ExitStatus status)
{
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
        return status;
    return fail(ExitStatus::refused, fmt::format("cannot write to standard output: {}", std::strerror(errno)));
}

}  // namespace priorityd::cli
