// SPDX-License-Identifier: GPL-3.0-or-later
/// A database of SQLite, for as long as it is worked with. Waits for the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "core/result.hpp"

namespace priorityd::kernel {

/// A statement with its values, and the row that it has come to.
class Statement {
public:
    // Numbers of values count from 1, those of columns from 0, as in SQLite.
    void bind(int number, std::int64_t value) { ::sqlite3_bind_int64(statement_.get(), number, value); }
    void bind(int number, double value) { ::sqlite3_bind_double(statement_.get(), number, value); }
    /// Bytes: paths are no text. They are copied.
    void bind(int number, std::string_view bytes);

    /// True with each row, false at the end; then values may be bound for the next time. Errors: see Database.
    [[nodiscard]] Result<bool> step();
    /// To the end.
    [[nodiscard]] Result<void> run();

    [[nodiscard]] std::int64_t integer(int column) const { return ::sqlite3_column_int64(statement_.get(), column); }
    [[nodiscard]] double number(int column) const { return ::sqlite3_column_double(statement_.get(), column); }
    [[nodiscard]] std::string bytes(int column) const { return std::string{view(column)}; }
    /// The same, as long as the statement stays at this row.
    [[nodiscard]] std::string_view view(int column) const;

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
    };
    explicit Statement(sqlite3_stmt* statement) : statement_{statement} {}
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// What reading a database may cost that others have written.
struct ReadingBounds {
    int largest_value;        ///< Of a value, and of a row: in bytes.
    std::int64_t most_steps;  ///< Of SQLite's virtual machine, all statements together: some ten for a row.
    std::stop_token stop;
};

/// Errors of all members: EUCLEAN when the file is no database or a broken one; EFBIG and ECANCELED where bounds end
/// the work; else what the system has said, as far as SQLite tells it: ENOSPC, EROFS, EACCES, EBUSY, EIO.
class Database {
public:
    /// Opens the file, which is there, for this process alone. Links are not followed.
    [[nodiscard]] static Result<Database> open(const std::filesystem::path& file);
    /// Opens the file of another program to read it as if nobody ever wrote to it: no lock is taken, waited for or in
    /// that program's way, nothing is made beside it or mapped, and what stands in a log beside it alone is not seen.
    /// What was read is worth something only if the file has not changed meanwhile. Source: sqlite.org/uri.html,
    /// "immutable".
    [[nodiscard]] static Result<Database> open_as_it_is(const std::filesystem::path& file, ReadingBounds bounds);

    [[nodiscard]] Result<void> execute(const char* sql);
    [[nodiscard]] Result<Statement> prepare(const char* sql);
    /// The first column of the first row; nothing of a row is an empty text.
    [[nodiscard]] Result<std::string> ask(const char* sql);

private:
    struct Close {
        void operator()(sqlite3* database) const { ::sqlite3_close_v2(database); }
    };
    struct Patience;
    explicit Database(sqlite3* database) : database_{database} {}

    std::shared_ptr<Patience> patience_;  // outlives the connection, which asks it
    std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace priorityd::kernel
