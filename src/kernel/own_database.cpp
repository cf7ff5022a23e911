// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/own_database.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "kernel/unique_fd.hpp"

namespace priorityd::kernel {
namespace {

/// Older ones have been looked at by then, or never will be.
constexpr int kMostBroken = 3;

/// Nobody else works with the file, so that no memory is shared; some pages are enough for so little.
constexpr const char* kManners = R"(
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -128;
PRAGMA mmap_size = 0;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
)";

/// Made here and not by SQLite, so that it is nobody else's to read.
Result<void> make_file(const std::filesystem::path& file)
{
    const UniqueFd made{::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600)};
    if (!made)
        return failure(errno, fmt::format("open({})", file.string()));
    return {};
}

}  // namespace

Result<Database> open_own(const std::filesystem::path& file)
{
    if (auto made = make_file(file); !made)
        return tl::unexpected{made.error()};
    auto database = Database::open(file);
    if (!database)
        return database;
    if (auto settled = database->execute(kManners); !settled)
        return tl::unexpected{settled.error()};
    return database;
}

Result<bool> has_begun(Database& database, int version)
{
    const auto found = database.ask("PRAGMA user_version");
    if (!found)
        return tl::unexpected{found.error()};
    if (*found == std::to_string(version))
        return true;
    const auto tables = database.ask("SELECT count(*) FROM sqlite_schema");
    if (!tables)
        return tl::unexpected{tables.error()};
    if (*found == "0" && *tables == "0")
        return false;
    return failure(EUCLEAN, fmt::format("version {}, where {} is known", *found, version));
}

Result<void> check_whole(Database& database)
{
    const auto verdict = database.ask("PRAGMA quick_check(1)");
    if (!verdict)
        return tl::unexpected{verdict.error()};
    if (*verdict != "ok")
        return failure(EUCLEAN, fmt::format("check({})", *verdict));
    return {};
}

bool is_file_at_fault(const Error& error)
{
    return error.code == EUCLEAN || error.code == EACCES || error.code == ELOOP || error.code == EISDIR;
}

Result<std::filesystem::path> set_aside(const std::filesystem::path& file)
{
    const auto name_of = [&](int number) { return fmt::format("{}.broken-{}", file.string(), number); };
    std::error_code ignored;
    int number = 1;
    while (number < kMostBroken && std::filesystem::exists(std::filesystem::symlink_status(name_of(number), ignored)))
        ++number;
    const auto aside = name_of(number);
    for (const char* suffix : {"", "-wal", "-shm"})
        std::filesystem::remove_all(aside + suffix, ignored);
    std::error_code failed;
    std::filesystem::rename(file, aside, failed);
    if (failed)
        return failure(failed.value(), fmt::format("rename({}, {})", file.string(), aside));
    for (const char* suffix : {"-wal", "-shm"})
        std::filesystem::rename(file.string() + suffix, aside + suffix, ignored);
    return aside;
}

}  // namespace priorityd::kernel
