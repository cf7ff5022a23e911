// SPDX-License-Identifier: GPL-3.0-or-later
#include "engines/llm/catalogue.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"
#include "engines/llm/prompt.hpp"

namespace priorityd::llm {
namespace {

using kernel::Database;

constexpr int kVersion = 1;

/// `setting` is classes, model and prompt together, which many answers share.
constexpr const char* kSchema = R"(
CREATE TABLE setting (number INTEGER PRIMARY KEY, text BLOB NOT NULL UNIQUE);
CREATE TABLE answer (key BLOB PRIMARY KEY, at INTEGER NOT NULL, class BLOB, confidence REAL, reason BLOB) WITHOUT ROWID;
CREATE INDEX answer_at ON answer (at);
CREATE TABLE expense (at INTEGER NOT NULL, tokens INTEGER NOT NULL);
PRAGMA user_version = 1;
)";

/// Texts hold anything but NUL, so that this says where each ends.
void add(std::string& key, const std::string& text)
{
    key += text;
    key += '\0';
}

void add(std::string& key, const std::vector<std::string>& texts)
{
    for (const auto& text : texts)
        add(key, text);
    key += '\0';
}

std::int64_t seconds_of(Date date)
{
    return std::int64_t{date.time_since_epoch().count()};
}

Result<Database> open_begun(const std::filesystem::path& file)
{
    auto database = kernel::open_own(file);
    if (!database)
        return database;
    const auto begun = kernel::has_begun(*database, kVersion);
    if (!begun)
        return tl::unexpected{begun.error()};
    auto ready = *begun ? kernel::check_whole(*database) : database->execute(kSchema);
    if (!ready)
        return tl::unexpected{ready.error()};
    return database;
}

}  // namespace

Result<Catalogue> Catalogue::open(const std::filesystem::path& folder,
                                  const std::function<void(const std::string&)>& on_loss)
{
    const auto file = folder / "catalogue.sqlite";
    auto database = open_begun(file);
    if (!database && kernel::is_file_at_fault(database.error())) {
        const auto why = database.error().message();
        const auto aside = kernel::set_aside(file);
        if (!aside)
            return tl::unexpected{aside.error()};
        on_loss(fmt::format("what the model has said cannot be read: {}; moved to {}", escaped(why),
                            escaped(aside->string())));
        database = open_begun(file);
    }
    if (!database)
        return tl::unexpected{database.error()};
    return Catalogue{*std::move(database)};
}

Result<Key> Catalogue::key_of(const ToldProgram& program, const std::string& model)
{
    std::string setting;
    add(setting, fmt::format("prompt {}", kPromptVersion));
    add(setting, model);
    for (const auto& [name, meaning] : program.classes) {
        add(setting, name);
        add(setting, meaning);
    }
    const auto number = number_of(setting);
    if (!number)
        return tl::unexpected{number.error()};
    Key key = fmt::format("{}:", *number);
    for (const auto* text : {&program.identity, &program.exe, &program.section, &program.description})
        add(key, *text);
    add(key, program.tags);
    add(key, program.categories);
    return key;
}

Result<std::int64_t> Catalogue::number_of(const std::string& setting)
{
    if (const auto known = settings_.find(setting); known != settings_.end())
        return known->second;
    auto added = database_.prepare("INSERT OR IGNORE INTO setting (text) VALUES (?1)");
    if (!added)
        return tl::unexpected{added.error()};
    added->bind(1, setting);
    if (auto done = added->run(); !done)
        return tl::unexpected{done.error()};
    auto found = database_.prepare("SELECT number FROM setting WHERE text = ?1");
    if (!found)
        return tl::unexpected{found.error()};
    found->bind(1, setting);
    if (auto row = found->step(); !row)
        return tl::unexpected{row.error()};
    return settings_[setting] = found->integer(0);
}

Result<std::optional<Finding>> Catalogue::find(const Key& key, Date oldest)
{
    auto found = database_.prepare("SELECT class, confidence, reason FROM answer WHERE key = ?1 AND at >= ?2");
    if (!found)
        return tl::unexpected{found.error()};
    found->bind(1, key);
    found->bind(2, seconds_of(oldest));
    const auto row = found->step();
    if (!row)
        return tl::unexpected{row.error()};
    if (!*row)
        return std::nullopt;
    Finding finding{.key = key, .advice = {}};
    if (auto program_class = found->bytes(0); !program_class.empty())
        finding.advice = Advice{std::move(program_class), found->number(1), found->bytes(2)};
    return finding;
}

Result<void> Catalogue::keep(const std::vector<Finding>& findings, Date now)
{
    if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun)
        return begun;
    auto kept = write(findings, now);
    auto ended = database_.execute(kept ? "COMMIT" : "ROLLBACK");
    return kept ? ended : kept;
}

Result<void> Catalogue::write(const std::vector<Finding>& findings, Date now)
{
    auto one = database_.prepare("INSERT OR REPLACE INTO answer VALUES (?1, ?2, ?3, ?4, ?5)");
    if (!one)
        return tl::unexpected{one.error()};
    for (const auto& [key, advice] : findings) {
        one->bind(1, key);
        one->bind(2, seconds_of(now));
        one->bind(3, advice ? advice->program_class : std::string{});
        one->bind(4, advice ? advice->confidence : 0.0);
        one->bind(5, advice ? advice->because : std::string{});
        if (auto written = one->run(); !written)
            return written;
    }
    auto surplus = database_.prepare(
        "DELETE FROM answer WHERE key IN (SELECT key FROM answer ORDER BY at DESC LIMIT -1 OFFSET ?1)");
    if (!surplus)
        return tl::unexpected{surplus.error()};
    surplus->bind(1, kMost);
    return surplus->run();
}

Result<std::vector<Expense>> Catalogue::expenses(Date since)
{
    auto found = database_.prepare("SELECT at, tokens FROM expense WHERE at >= ?1 ORDER BY at");
    if (!found)
        return tl::unexpected{found.error()};
    found->bind(1, seconds_of(since));
    std::vector<Expense> expenses;
    for (;;) {
        const auto row = found->step();
        if (!row)
            return tl::unexpected{row.error()};
        if (!*row)
            return expenses;
        expenses.push_back({Date{std::chrono::seconds{found->integer(0)}}, found->integer(1)});
    }
}

Result<void> Catalogue::keep(const Expense& expense)
{
    auto added = database_.prepare("INSERT INTO expense VALUES (?1, ?2)");
    if (!added)
        return tl::unexpected{added.error()};
    added->bind(1, seconds_of(expense.at));
    added->bind(2, expense.tokens);
    if (auto done = added->run(); !done)
        return done;
    auto old = database_.prepare("DELETE FROM expense WHERE at < ?1");
    if (!old)
        return tl::unexpected{old.error()};
    old->bind(1, seconds_of(expense.at - std::chrono::days{2}));
    return old->run();
}

}  // namespace priorityd::llm
