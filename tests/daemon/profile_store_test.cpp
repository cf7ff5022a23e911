// SPDX-License-Identifier: GPL-3.0-or-later
/// What was learned of programs outlives the daemon, and nothing that lies in its place harms.
#include "daemon/profile_store.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "kernel/sqlite.hpp"
#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using kernel::Database;
using kernel::TemporaryFolder;

namespace {

constexpr const char* kName = "profiles.sqlite";

Profile profile(const std::string& exe, int day = 0)
{
    return {
        .program = {.exe = exe, .id = {.device = ~0ULL, .inode = 1ULL << 63U, .changed = -5}},
        .starts = {{"build", 12.25}, {"media", 0.5}},
        .opinions = {{"llm", {.advice = {.program_class = "game", .confidence = 0.75, .because = "why"}, .starts = 3}},
                     {"other", {.advice = {.program_class = "media", .confidence = 1, .because = ""}, .starts = 1}}},
        .seen = std::chrono::sys_days{std::chrono::year{2026} / 2 / 3} + std::chrono::days{day},
        .suggestion = 4,
        .suggested = "build"};
}

ProfileRecords records(std::vector<Profile> profiles, std::vector<Rejection> rejections = {})
{
    return {.profiles = std::move(profiles), .rejections = std::move(rejections), .gone = {}, .are_all = false};
}

std::vector<std::string> names_in(const TemporaryFolder& top)
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{top.path()})
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

std::vector<std::string> paths(const ProfileStore::Loaded& loaded)
{
    std::vector<std::string> paths;
    for (const auto& one : loaded.kept.profiles)
        paths.push_back(one.program.exe);
    return paths;
}

/// That the file was moved aside, that it was said where, and that a new one works.
void check_moved_aside(const TemporaryFolder& top, const std::string& why)
{
    const ProfileStore store{top.path()};
    const auto loaded = store.load();
    CHECK(loaded.kept.empty());
    REQUIRE(loaded.notes.size() == 1);
    CHECK_MESSAGE(loaded.notes.front().find(why) != std::string::npos, loaded.notes.front());
    CHECK(loaded.notes.front().find("moved to " + (top.path() / kName).string() + ".broken-1") != std::string::npos);
    CHECK(std::filesystem::exists(top.path() / "profiles.sqlite.broken-1"));
    CHECK_FALSE(std::filesystem::exists(top.path() / kName));
    CHECK(store.save(records({profile("/usr/bin/a")})));
    CHECK(paths(store.load()) == std::vector<std::string>{"/usr/bin/a"});
}

void execute(const TemporaryFolder& top, const char* sql)
{
    auto database = Database::open(top.path() / kName);
    REQUIRE(database);
    REQUIRE(database->execute(sql));
}

/// Without root's rights.
template <typename Work>
auto as_ordinary_user(Work work)
{
    constexpr uid_t kNobody = 65534;
    const bool is_root = ::geteuid() == 0;
    REQUIRE((!is_root || ::seteuid(kNobody) == 0));
    auto result = work();
    REQUIRE((!is_root || ::seteuid(0) == 0));
    return result;
}

/// As if the disk were full: no file gets longer than some pages.
template <typename Work>
auto with_small_files(Work work)
{
    constexpr rlim_t kSome = 32768;
    const auto before = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const rlimit small{kSome, limit.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    auto result = work();
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    std::signal(SIGXFSZ, before);
    return result;
}

}  // namespace

TEST_CASE("without a database nothing is known, and none is made")
{
    const TemporaryFolder top;
    const auto loaded = ProfileStore{top.path()}.load();
    CHECK(loaded.kept.empty());
    CHECK(loaded.notes.empty());
    CHECK(names_in(top).empty());
}

TEST_CASE("what was saved is there at the next start, to the last bit")
{
    const TemporaryFolder top;
    const std::string odd{"/usr/bin/\xff\n'\"", 13};
    REQUIRE(ProfileStore{top.path()}.save(records({profile("/a"), profile(odd)}, {{"/c", "game"}})));
    const auto loaded = ProfileStore{top.path()}.load();
    CHECK(loaded.notes.empty());
    CHECK(loaded.kept.profiles == std::vector{profile("/a"), profile(odd)});
    CHECK(loaded.kept.rejections == std::vector<Rejection>{{"/c", "game"}});
    CHECK(names_in(top) == std::vector<std::string>{kName});
}

TEST_CASE("changes replace what was there of the same program, and take away what is gone")
{
    const TemporaryFolder top;
    const ProfileStore store{top.path()};
    REQUIRE(store.save(records({profile("/a"), profile("/b"), profile("/c")}, {{"/c", "game"}})));
    auto changed = profile("/a", 1);
    changed.starts = {{"game", 1}};
    REQUIRE(store.save({.profiles = {changed}, .rejections = {}, .gone = {"/b", "/nobody"}, .are_all = false}));
    CHECK(store.load().kept.profiles == std::vector{changed, profile("/c")});
    CHECK(store.load().kept.rejections.size() == 1);
    REQUIRE(store.save({.profiles = {changed}, .rejections = {}, .gone = {}, .are_all = true}));
    CHECK(store.load().kept.profiles == std::vector{changed});
    CHECK(store.load().kept.rejections.empty());
}

TEST_CASE("the database is for its owner alone, and written ahead")
{
    const TemporaryFolder top;
    REQUIRE(ProfileStore{top.path()}.save(records({profile("/a")})));
    struct stat status {};
    REQUIRE(::stat((top.path() / kName).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600);
    auto database = Database::open(top.path() / kName);
    REQUIRE(database);
    CHECK(*database->ask("PRAGMA journal_mode") == "wal");
    CHECK(*database->ask("PRAGMA user_version") == "2");
}

TEST_CASE("garbage in its place is moved aside and said so")
{
    const TemporaryFolder top;
    top.write(kName, std::string(10000, 'x'));
    check_moved_aside(top, "not a database");
    CHECK(names_in(top) == std::vector<std::string>{kName, "profiles.sqlite.broken-1"});
}

TEST_CASE("a database of which the end is missing is moved aside")
{
    const TemporaryFolder top;
    std::vector<Profile> many;
    for (int i = 0; i < 500; ++i)
        many.push_back(profile(fmt::format("/usr/bin/program-{}", i)));
    REQUIRE(ProfileStore{top.path()}.save(records(many)));
    const auto size = std::filesystem::file_size(top.path() / kName);
    std::filesystem::resize_file(top.path() / kName, size / 2 / 4096 * 4096);
    check_moved_aside(top, "malformed");
}

TEST_CASE("a database with a page that was overwritten is moved aside")
{
    const TemporaryFolder top;
    std::vector<Profile> many;
    for (int i = 0; i < 500; ++i)
        many.push_back(profile(fmt::format("/usr/bin/program-{}", i)));
    REQUIRE(ProfileStore{top.path()}.save(records(many)));
    {
        std::fstream file{top.path() / kName, std::ios::in | std::ios::out | std::ios::binary};
        file.seekp(4096 * 3);
        file << std::string(8192, '\xa5');
    }
    check_moved_aside(top, "");
}

TEST_CASE("a database of a later version, or of another program, is moved aside")
{
    SUBCASE("later")
    {
        const TemporaryFolder top;
        REQUIRE(ProfileStore{top.path()}.save(records({profile("/a")})));
        execute(top, "PRAGMA user_version = 3");
        check_moved_aside(top, "version 3");
    }
    SUBCASE("another program's")
    {
        const TemporaryFolder top;
        top.write(kName, "");
        execute(top, "CREATE TABLE a (b)");
        check_moved_aside(top, "version 0");
    }
    SUBCASE("without the tables")
    {
        const TemporaryFolder top;
        top.write(kName, "");
        execute(top, "PRAGMA user_version = 2");
        check_moved_aside(top, "logic error");
    }
}

TEST_CASE("a folder, a link or a pipe in its place is moved aside, with what belongs to it")
{
    SUBCASE("folder")
    {
        const TemporaryFolder top;
        top.write("profiles.sqlite/x", "");
        top.write("profiles.sqlite-wal", "y");
        check_moved_aside(top, "not a regular file");
        CHECK(std::filesystem::exists(top.path() / "profiles.sqlite.broken-1-wal"));
    }
    SUBCASE("link")
    {
        const TemporaryFolder top;
        const auto target = top.write("target", "");
        std::filesystem::create_symlink(target, top.path() / kName);
        check_moved_aside(top, "not a regular file");
        CHECK(std::filesystem::file_size(target) == 0);
    }
    SUBCASE("pipe")
    {
        const TemporaryFolder top;
        REQUIRE(::mkfifo((top.path() / kName).c_str(), 0600) == 0);
        check_moved_aside(top, "not a regular file");
    }
}

TEST_CASE("an empty file is a database that has not been begun")
{
    const TemporaryFolder top;
    top.write(kName, "");
    const ProfileStore store{top.path()};
    CHECK(store.load().notes.empty());
    CHECK(store.save(records({profile("/a")})));
    CHECK(store.load().kept.profiles.size() == 1);
}

TEST_CASE("what becomes broken while the daemon runs is moved aside when it is to be written, and told")
{
    const TemporaryFolder top;
    const ProfileStore store{top.path()};
    top.write(kName, std::string(5000, 'x'));
    const auto saved = store.save(records({profile("/a")}));
    REQUIRE_FALSE(saved);
    CHECK(saved.error().code == EUCLEAN);
    CHECK(saved.error().doing.find("broken-1") != std::string::npos);
    CHECK(store.save(records({profile("/a")})));
}

TEST_CASE("of databases that were moved aside the last ones stay, however often that happens")
{
    const TemporaryFolder top;
    for (int i = 1; i <= 5; ++i) {
        top.write(kName, fmt::format("garbage {}", i));
        CHECK(ProfileStore{top.path()}.load().notes.size() == 1);
    }
    CHECK(names_in(top) ==
          std::vector<std::string>{"profiles.sqlite.broken-1", "profiles.sqlite.broken-2", "profiles.sqlite.broken-3"});
}

TEST_CASE("where nothing can be written, that is told, and nothing is moved")
{
    const TemporaryFolder top;
    SUBCASE("no folder")
    {
        const auto saved = ProfileStore{top.path() / "gone"}.save(records({profile("/a")}));
        REQUIRE_FALSE(saved);
        CHECK(saved.error().code == ENOENT);
    }
    SUBCASE("a folder that is closed")
    {
        REQUIRE(::chmod(top.path().c_str(), 0555) == 0);
        const auto saved = as_ordinary_user([&] { return ProfileStore{top.path()}.save(records({profile("/a")})); });
        REQUIRE(::chmod(top.path().c_str(), 0700) == 0);
        REQUIRE_FALSE(saved);
        CHECK(saved.error().code == EACCES);
        CHECK(names_in(top).empty());
    }
    SUBCASE("a file that cannot grow")
    {
        const ProfileStore store{top.path()};
        REQUIRE(store.save(records({profile("/a")})));
        std::vector<Profile> many;
        for (int i = 0; i < 1000; ++i)
            many.push_back(profile(fmt::format("/usr/bin/program-{}", i)));
        const auto saved = with_small_files([&] { return store.save(records(many)); });
        CHECK_FALSE(saved);
        CHECK(names_in(top) == std::vector<std::string>{kName});
        CHECK(paths(store.load()) == std::vector<std::string>{"/a"});
        CHECK(store.save(records(many)));
        CHECK(store.load().kept.profiles.size() == 1001);
    }
}

TEST_CASE("rows that make no sense are left out, and there is a most of them: those that were seen last")
{
    const TemporaryFolder top;
    const ProfileStore store{top.path()};
    std::vector<Profile> many;
    for (int i = 0; i < static_cast<int>(Profiles::kMost) + 5; ++i)
        many.push_back(profile(fmt::format("/{}", i), i));
    many.back().starts = {{"", 1}, {"build", -1}, {"game", std::numeric_limits<double>::infinity()}};
    many.back().opinions.erase("other");
    many.back().opinions.at("llm").advice.confidence = 7;
    REQUIRE(store.save(records(many)));
    REQUIRE(store.save(records({profile("relative", 9000)})));
    const auto loaded = store.load();
    CHECK(loaded.kept.profiles.size() == Profiles::kMost - 2);
    CHECK(std::ranges::count(paths(loaded), "/5") == 0);
    CHECK(std::ranges::count(paths(loaded), "/6") == 1);
    CHECK(std::ranges::count(paths(loaded), "relative") == 0);
}
