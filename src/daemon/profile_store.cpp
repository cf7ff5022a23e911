// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/profile_store.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cmath>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "core/scoring/engine_address.hpp"
#include "core/text.hpp"
#include "kernel/own_database.hpp"

namespace priorityd::daemon {
namespace {

using kernel::Database;
using kernel::Statement;

constexpr int kVersion = 2;

constexpr const char* kSchema = R"(
CREATE TABLE program (path BLOB PRIMARY KEY, device INTEGER NOT NULL, inode INTEGER NOT NULL, changed INTEGER NOT NULL,
                      seen INTEGER NOT NULL, suggestion INTEGER NOT NULL, suggested BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE opinion (path BLOB NOT NULL, engine BLOB NOT NULL, class BLOB NOT NULL, confidence REAL NOT NULL,
                      because BLOB NOT NULL, starts INTEGER NOT NULL, PRIMARY KEY (path, engine)) WITHOUT ROWID;
CREATE TABLE start (path BLOB NOT NULL, class BLOB NOT NULL, starts REAL NOT NULL, PRIMARY KEY (path, class)) WITHOUT ROWID;
CREATE TABLE rejected (path BLOB NOT NULL, class BLOB NOT NULL, PRIMARY KEY (path, class)) WITHOUT ROWID;
PRAGMA user_version = 2;
)";

/// Runs `statements`, one after the other, until one fails.
template <typename... Attempts>
Result<void> in_turn(Attempts... attempts)
{
    Result<void> result;
    ((result = attempts(), result.has_value()) && ...);
    return result;
}

/// SQLite has signed numbers alone.
std::int64_t to_signed(std::uint64_t number)
{
    return static_cast<std::int64_t>(number);
}

std::uint64_t to_unsigned(std::int64_t number)
{
    return static_cast<std::uint64_t>(number);
}

/// Calls `take` for each row.
template <typename Take>
Result<void> each_row(Database& database, const char* sql, std::size_t most, Take take)
{
    auto statement = database.prepare(sql);
    if (!statement)
        return tl::unexpected{statement.error()};
    statement->bind(1, static_cast<std::int64_t>(most));
    for (;;) {
        const auto row = statement->step();
        if (!row)
            return tl::unexpected{row.error()};
        if (!*row)
            return {};
        take(*statement);
    }
}

/// What an engine has said, and which; empty where none has, or it makes no sense.
std::optional<Opinions::value_type> opinion_in(const Statement& row, int first)
{
    const auto engine = row.bytes(first);
    Opinion opinion{.advice = {.program_class = row.bytes(first + 1),
                               .confidence = row.number(first + 2),
                               .because = row.bytes(first + 3)},
                    .starts = static_cast<std::uint32_t>(row.integer(first + 4))};
    const auto& advice = opinion.advice;
    const bool has_sense =
        is_engine_name(engine) && !advice.program_class.empty() && advice.confidence >= 0 && advice.confidence <= 1;
    return has_sense ? std::optional<Opinions::value_type>{std::in_place, engine, std::move(opinion)} : std::nullopt;
}

/// The rows of a program come one after the other. What makes no sense is left out, and so are profiles that say
/// nothing.
void take_row(const Statement& row, ProfileRecords& into)
{
    const auto exe = row.bytes(0);
    const auto opinion = opinion_in(row, 7);
    const auto program_class = row.bytes(12);
    const double starts = row.number(13);
    const bool has_start = !program_class.empty() && std::isfinite(starts) && starts > 0;
    if (!exe.starts_with('/') || !(has_start || opinion))
        return;
    if (into.profiles.empty() || into.profiles.back().program.exe != exe)
        into.profiles.push_back({.program = {.exe = exe,
                                             .id = {.device = to_unsigned(row.integer(1)),
                                                    .inode = to_unsigned(row.integer(2)),
                                                    .changed = row.integer(3)}},
                                 .starts = {},
                                 .opinions = {},
                                 .seen = std::chrono::sys_seconds{std::chrono::seconds{row.integer(4)}},
                                 .suggestion = to_unsigned(row.integer(5)),
                                 .suggested = row.bytes(6)});
    auto& profile = into.profiles.back();
    if (has_start)
        profile.starts[program_class] = starts;
    if (opinion)
        profile.opinions.insert(*opinion);
}

Result<void> write_opinion(Database& database, const std::string& exe, const std::string& engine,
                           const Opinion& opinion)
{
    auto statement = database.prepare("INSERT INTO opinion VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    if (!statement)
        return tl::unexpected{statement.error()};
    statement->bind(1, exe);
    statement->bind(2, engine);
    statement->bind(3, opinion.advice.program_class);
    statement->bind(4, opinion.advice.confidence);
    statement->bind(5, opinion.advice.because);
    statement->bind(6, std::int64_t{opinion.starts});
    return statement->run();
}

Result<void> write_profile(Database& database, const Profile& profile)
{
    auto program = database.prepare("INSERT INTO program VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    if (!program)
        return tl::unexpected{program.error()};
    program->bind(1, profile.program.exe);
    program->bind(2, to_signed(profile.program.id.device));
    program->bind(3, to_signed(profile.program.id.inode));
    program->bind(4, profile.program.id.changed);
    program->bind(5, std::int64_t{profile.seen.time_since_epoch().count()});
    program->bind(6, to_signed(profile.suggestion));
    program->bind(7, profile.suggested);
    if (auto written = program->run(); !written)
        return written;
    for (const auto& [engine, opinion] : profile.opinions) {
        if (auto written = write_opinion(database, profile.program.exe, engine, opinion); !written)
            return written;
    }
    auto start = database.prepare("INSERT INTO start VALUES (?1, ?2, ?3)");
    if (!start)
        return tl::unexpected{start.error()};
    for (const auto& [program_class, starts] : profile.starts) {
        start->bind(1, profile.program.exe);
        start->bind(2, program_class);
        start->bind(3, starts);
        if (auto written = start->run(); !written)
            return written;
    }
    return {};
}

Result<void> remove_profile(Database& database, const std::string& exe)
{
    for (const char* sql : {"DELETE FROM program WHERE path = ?1", "DELETE FROM start WHERE path = ?1",
                            "DELETE FROM opinion WHERE path = ?1"}) {
        auto statement = database.prepare(sql);
        if (!statement)
            return tl::unexpected{statement.error()};
        statement->bind(1, exe);
        if (auto removed = statement->run(); !removed)
            return removed;
    }
    return {};
}

Result<void> write_rejection(Database& database, const Rejection& rejection)
{
    auto statement = database.prepare("INSERT OR IGNORE INTO rejected VALUES (?1, ?2)");
    if (!statement)
        return tl::unexpected{statement.error()};
    statement->bind(1, rejection.first);
    statement->bind(2, rejection.second);
    return statement->run();
}

Result<void> write_changes(Database& database, const ProfileRecords& changes)
{
    if (changes.are_all) {
        if (auto emptied =
                database.execute("DELETE FROM program; DELETE FROM start; DELETE FROM opinion; DELETE FROM rejected");
            !emptied)
            return emptied;
    }
    for (const auto& exe : changes.gone) {
        if (auto removed = remove_profile(database, exe); !removed)
            return removed;
    }
    for (const auto& profile : changes.profiles) {
        auto replaced = in_turn([&] { return remove_profile(database, profile.program.exe); },
                                [&] { return write_profile(database, profile); });
        if (!replaced)
            return replaced;
    }
    for (const auto& rejection : changes.rejections) {
        if (auto written = write_rejection(database, rejection); !written)
            return written;
    }
    return {};
}

}  // namespace

ProfileStore::Loaded ProfileStore::load() const
{
    struct stat status {};
    if (::lstat(file_.c_str(), &status) != 0 && errno == ENOENT)
        return {};
    auto kept = S_ISREG(status.st_mode) ? read() : failure(EUCLEAN, file_.string() + " is not a regular file");
    if (kept)
        return {.kept = *std::move(kept), .notes = {}};
    const auto why = fmt::format("what was learned of programs cannot be read: {}", escaped(kept.error().message()));
    if (!kernel::is_file_at_fault(kept.error()))
        return {.kept = {}, .notes = {why}};
    const auto aside = kernel::set_aside(file_);
    return {.kept = {},
            .notes = {aside ? fmt::format("{}; moved to {}", why, escaped(aside->string()))
                            : fmt::format("{}; and {}", why, escaped(aside.error().message()))}};
}

Result<ProfileRecords> ProfileStore::read() const
{
    auto database = kernel::open_own(file_);
    if (!database)
        return tl::unexpected{database.error()};
    const auto begun = kernel::has_begun(*database, kVersion);
    if (!begun)
        return tl::unexpected{begun.error()};
    ProfileRecords records;
    if (!*begun)
        return records;
    const auto take_rejection = [&](const Statement& row) {
        records.rejections.emplace_back(row.bytes(0), row.bytes(1));
    };
    auto done = in_turn([&] { return kernel::check_whole(*database); },
                        [&] {
                            return each_row(*database,
                                            "SELECT * FROM (SELECT * FROM program ORDER BY seen DESC LIMIT ?1) "
                                            "LEFT JOIN opinion USING (path) LEFT JOIN start USING (path) ORDER BY path",
                                            Profiles::kMost, [&](const Statement& row) { take_row(row, records); });
                        },
                        [&] {
                            return each_row(*database, "SELECT path, class FROM rejected LIMIT ?1",
                                            Profiles::kMostRejections, take_rejection);
                        });
    if (!done)
        return tl::unexpected{done.error()};
    return records;
}

Result<void> ProfileStore::save(const ProfileRecords& changes) const
{
    auto saved = write(changes);
    if (saved || !kernel::is_file_at_fault(saved.error()))
        return saved;
    const auto aside = kernel::set_aside(file_);
    return aside ? failure(EUCLEAN, fmt::format("{}; moved to {}", saved.error().message(), aside->string())) : saved;
}

Result<void> ProfileStore::write(const ProfileRecords& changes) const
{
    auto database = kernel::open_own(file_);
    if (!database)
        return tl::unexpected{database.error()};
    const auto begun = kernel::has_begun(*database, kVersion);
    if (!begun)
        return tl::unexpected{begun.error()};
    return in_turn([&] { return database->execute("BEGIN IMMEDIATE"); },
                   [&] { return *begun ? Result<void>{} : database->execute(kSchema); },
                   [&] { return write_changes(*database, changes); }, [&] { return database->execute("COMMIT"); });
}

}  // namespace priorityd::daemon
