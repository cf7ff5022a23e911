// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/sqlite.hpp"

#include <cerrno>

#include <fmt/format.h>

namespace priorityd::daemon {
namespace {

int errno_of(sqlite3* database, int code)
{
    constexpr int kPrimary = 0xff;  // of an extended result code
    switch (code & kPrimary) {
        case SQLITE_ERROR:  // the statements are right, so what they name is not there
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return EUCLEAN;
        case SQLITE_FULL: return ENOSPC;
        case SQLITE_READONLY: return EROFS;
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return EBUSY;
        case SQLITE_NOMEM: return ENOMEM;
        case SQLITE_PERM:
        case SQLITE_AUTH: return EACCES;
        default: break;
    }
    const int system_code = database ? ::sqlite3_system_errno(database) : 0;
    return system_code != 0 ? system_code : EIO;
}

tl::unexpected<Error> error_of(sqlite3* database, int code)
{
    const char* file = ::sqlite3_db_filename(database, "main");
    return failure(errno_of(database, code), fmt::format("{} ({})", file ? file : "", ::sqlite3_errstr(code)));
}

}  // namespace

void Statement::bind(int number, std::string_view bytes)
{
    ::sqlite3_bind_blob64(statement_.get(), number, bytes.data(), bytes.size(),
                          SQLITE_TRANSIENT);  // NOLINT: its own spelling of "copy it"
}

Result<bool> Statement::step()
{
    const int code = ::sqlite3_step(statement_.get());
    if (code == SQLITE_ROW)
        return true;
    Result<bool> result = false;
    if (code != SQLITE_DONE)
        result = error_of(::sqlite3_db_handle(statement_.get()), code);
    ::sqlite3_reset(statement_.get());
    return result;
}

Result<void> Statement::run()
{
    for (;;) {
        const auto row = step();
        if (!row)
            return tl::unexpected{row.error()};
        if (!*row)
            return {};
    }
}

std::string Statement::bytes(int column) const
{
    const auto* begin = static_cast<const char*>(::sqlite3_column_blob(statement_.get(), column));
    const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(statement_.get(), column));
    return begin ? std::string{begin, size} : std::string{};
}

Result<Database> Database::open(const std::filesystem::path& file)
{
    sqlite3* opened = nullptr;
    const int code = ::sqlite3_open_v2(file.c_str(), &opened,
                                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, nullptr);
    Database database{opened};
    if (code != SQLITE_OK)
        return failure(errno_of(opened, code), fmt::format("open({})", file.string()));
    ::sqlite3_extended_result_codes(opened, 1);
    return database;
}

Result<void> Database::execute(const char* sql)
{
    const int code = ::sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK)
        return error_of(database_.get(), code);
    return {};
}

Result<Statement> Database::prepare(const char* sql)
{
    sqlite3_stmt* prepared = nullptr;
    const int code = ::sqlite3_prepare_v2(database_.get(), sql, -1, &prepared, nullptr);
    if (code != SQLITE_OK)
        return error_of(database_.get(), code);
    return Statement{prepared};
}

Result<std::string> Database::ask(const char* sql)
{
    auto statement = prepare(sql);
    if (!statement)
        return tl::unexpected{statement.error()};
    const auto row = statement->step();
    if (!row)
        return tl::unexpected{row.error()};
    return *row ? statement->bytes(0) : std::string{};
}

}  // namespace priorityd::daemon
