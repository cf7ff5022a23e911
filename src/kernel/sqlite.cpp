// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/sqlite.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace priorityd::kernel {
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
        case SQLITE_TOOBIG: return EFBIG;
        case SQLITE_INTERRUPT: return ECANCELED;
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

/// The path as a URI has it. Source: RFC 3986.
std::string escaped_path(const std::filesystem::path& file)
{
    constexpr std::string_view kPlain = "/.-_~";
    std::string escaped;
    for (const char c : file.native()) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                              kPlain.find(c) != std::string_view::npos;
        escaped += is_plain ? std::string{c} : fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
    return escaped;
}

/// A schema is part of the file, so nothing of it is trusted; and a mapping of a file that is cut short meanwhile would
/// end the process.
constexpr const char* kCaution = R"(
PRAGMA mmap_size = 0;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA cache_size = -512;
)";

}  // namespace

struct Database::Patience {
    std::int64_t left;
    std::stop_token stop;

    /// Other than 0 where it has come to an end.
    static int ask(void* patience)
    {
        auto& self = *static_cast<Patience*>(patience);
        return self.stop.stop_requested() || --self.left < 0 ? 1 : 0;
    }
};

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

std::string_view Statement::view(int column) const
{
    const auto* begin = static_cast<const char*>(::sqlite3_column_blob(statement_.get(), column));
    const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(statement_.get(), column));
    return begin ? std::string_view{begin, size} : std::string_view{};
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

Result<Database> Database::open_as_it_is(const std::filesystem::path& file, ReadingBounds bounds)
{
    constexpr int kStepsAtOnce = 1000;
    const auto uri = "file:" + escaped_path(file) + "?immutable=1";
    sqlite3* opened = nullptr;
    const int code =
        ::sqlite3_open_v2(uri.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
    Database database{opened};
    if (code != SQLITE_OK)
        return failure(errno_of(opened, code), fmt::format("open({})", file.string()));
    ::sqlite3_extended_result_codes(opened, 1);
    ::sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, bounds.largest_value);
    database.patience_ = std::make_shared<Patience>(Patience{bounds.most_steps / kStepsAtOnce, std::move(bounds.stop)});
    ::sqlite3_progress_handler(opened, kStepsAtOnce, &Patience::ask, database.patience_.get());
    if (auto done = database.execute(kCaution); !done)
        return tl::unexpected{done.error()};
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

}  // namespace priorityd::kernel
