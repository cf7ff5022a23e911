// SPDX-License-Identifier: GPL-3.0-or-later
/// How priorityctl prints: tables, colour where it is wanted, errors on one line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/setting.hpp"

namespace priorityd::cli {

/// What the shell is told. Source: the contract's table.
enum class ExitStatus : std::uint8_t {
    done = 0,
    refused = 1,  ///< The daemon or a check says no.
    usage = 2,
    no_daemon = 3,
    not_authorised = 4,
};

enum class Style : std::uint8_t { plain, bold, dim, red, yellow, green };
enum class Colour : std::uint8_t { off, on };

/// On when standard output is a terminal that takes colours, and NO_COLOR is unset or empty. Source: no-color.org.
[[nodiscard]] Colour wanted_colour();
/// `text` between the sequences that switch the style on and off; as it is when colour is off.
[[nodiscard]] std::string styled(std::string_view text, Style style, Colour colour);

struct Cell {
    std::string text;  ///< Any bytes: shown readable.
    Style style = Style::plain;
};

/// Columns as wide as their widest cell; the last one is never padded.
class Table {
public:
    enum class Align : std::uint8_t { left, right };
    struct Column {
        std::string title;
        Align align = Align::left;
    };

    explicit Table(std::vector<Column> columns);
    /// As many cells as there are columns.
    void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    /// One line each for the titles and every row.
    [[nodiscard]] std::string to_text(Colour colour) const;

private:
    [[nodiscard]] std::vector<std::size_t> widths() const;
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

/// "nice 10, sched batch"; "-" for none.
[[nodiscard]] std::string settings_text(const SettingMap& settings);
/// "1 rule", "3 rules".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

/// Writes to standard output. What cannot be written is noticed by finish().
void print(std::string_view text);
/// Writes to standard error what is said beside the output; it is readable already.
void print_aside(std::string_view text);
/// One line on standard error, readable whatever `text` holds. Returns `status`, for `return fail(…)`.
ExitStatus fail(ExitStatus status, std::string_view text);
/// `status`, or refused with an error line when standard output could not take all that was printed.
[[nodiscard]] ExitStatus finish(ExitStatus status);

}  // namespace priorityd::cli
