// SPDX-License-Identifier: GPL-3.0-or-later
/// What of overrides outlives the daemon, however it ends and whatever lies in the folder.
#include "daemon/override_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "core/toml/override_toml.hpp"
#include "daemon/eventually.hpp"
#include "daemon/killed_child.hpp"
#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using kernel::TemporaryFolder;

namespace {

Override an_override(int id)
{
    Override kept{};
    kept.id = std::to_string(id);
    kept.target = PatternTarget{MatchKey::name, fmt::format("program-{}", id)};
    kept.settings.set(Setting::nice, *Nice::make(id % 19));
    kept.owner = Uid{1000};
    kept.is_permanent = true;
    kept.created = std::chrono::sys_days{std::chrono::year{2026} / 2 / 3};
    return kept;
}

OverrideStore store_in(const TemporaryFolder& top)
{
    auto store = OverrideStore::open(top.path());
    REQUIRE(store);
    return *std::move(store);
}

/// Waits for it.
Result<void> save(OverrideStore& store, const Override& kept)
{
    std::optional<Result<void>> answer;
    store.save(kept, [&](Result<void> result) { answer = std::move(result); });
    REQUIRE(dispatch_until(store, [&] { return answer.has_value(); }));
    return *answer;
}

Result<void> remove(OverrideStore& store, const std::string& id)
{
    std::optional<Result<void>> answer;
    store.remove(id, [&](Result<void> result) { answer = std::move(result); });
    REQUIRE(dispatch_until(store, [&] { return answer.has_value(); }));
    return *answer;
}

std::vector<std::string> ids(const OverrideStore::Loaded& loaded)
{
    std::vector<std::string> ids;
    for (const auto& kept : loaded.overrides)
        ids.push_back(kept.id);
    return ids;
}

std::vector<std::string> names_in(const TemporaryFolder& top)
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{top.path() / "overrides.d"})
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

/// What a store makes of a file of this name, beside a sound override 1.
OverrideStore::Loaded loaded_with(const TemporaryFolder& top, const std::string& name, const std::string& text)
{
    auto store = store_in(top);
    REQUIRE(save(store, an_override(1)));
    top.write("overrides.d/" + name, text);
    return store.load();
}

}  // namespace

TEST_CASE("an override that was saved is there at the next start")
{
    const TemporaryFolder top;
    {
        auto store = store_in(top);
        CHECK(store.load().overrides.empty());
        REQUIRE(save(store, an_override(10)));
        REQUIRE(save(store, an_override(9)));
    }
    const auto loaded = store_in(top).load();
    CHECK(loaded.overrides == std::vector{an_override(9), an_override(10)});
    CHECK(loaded.notes.empty());
    CHECK(names_in(top) == std::vector<std::string>{"10.toml", "9.toml"});
}

TEST_CASE("folder and files are for their owner alone")
{
    const TemporaryFolder top;
    auto store = store_in(top);
    REQUIRE(save(store, an_override(1)));
    struct stat status {};
    REQUIRE(::stat((top.path() / "overrides.d").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0700);
    REQUIRE(::stat((top.path() / "overrides.d" / "1.toml").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600);
}

TEST_CASE("an override that was removed is not there at the next start")
{
    const TemporaryFolder top;
    auto store = store_in(top);
    REQUIRE(save(store, an_override(1)));
    REQUIRE(save(store, an_override(2)));
    REQUIRE(remove(store, "1"));
    CHECK(ids(store.load()) == std::vector<std::string>{"2"});
    CHECK(remove(store, "1"));
}

TEST_CASE("what is still waiting at the end is done, in order")
{
    const TemporaryFolder top;
    {
        auto store = store_in(top);
        for (int id = 1; id <= 20; ++id)
            store.save(an_override(id), [](const Result<void>&) { FAIL("told after the end"); });
        for (int id = 2; id <= 20; ++id)
            store.remove(std::to_string(id), [](const Result<void>&) { FAIL("told after the end"); });
    }
    CHECK(ids(store_in(top).load()) == std::vector<std::string>{"1"});
}

TEST_CASE("a store may be moved while it works")
{
    const TemporaryFolder top;
    auto store = store_in(top);
    int saved = 0;
    for (int id = 1; id <= 20; ++id)
        store.save(an_override(id), [&](const Result<void>& result) { saved += result ? 1 : 0; });
    auto moved = std::move(store);
    REQUIRE(dispatch_until(moved, [&] { return saved == 20; }));
    CHECK(moved.load().overrides.size() == 20);
}

TEST_CASE("a file that is no override is moved aside and told, and the others are read")
{
    for (const auto* text : {"", "[override\n", "\xff\xfe", "nice = 3\n", "[override]\nid = \"7\"\n"}) {
        const TemporaryFolder top;
        const auto loaded = loaded_with(top, "7.toml", text);
        CHECK(ids(loaded) == std::vector<std::string>{"1"});
        REQUIRE(loaded.notes.size() == 1);
        CHECK(loaded.notes.front().find("overrides.d/7.toml:") != std::string::npos);
        CHECK(loaded.notes.front().ends_with("; renamed to 7.toml.corrupt"));
        CHECK(names_in(top) == std::vector<std::string>{"1.toml", "7.toml.corrupt"});
        CHECK(store_in(top).load().notes.empty());
    }
}

TEST_CASE("a second corrupt file of a name does not replace the first")
{
    const TemporaryFolder top;
    CHECK(loaded_with(top, "7.toml", "a").notes.size() == 1);
    CHECK(loaded_with(top, "7.toml", "b").notes.front().ends_with("; renamed to 7.toml.corrupt.2"));
    CHECK(names_in(top) == std::vector<std::string>{"1.toml", "7.toml.corrupt", "7.toml.corrupt.2"});
}

TEST_CASE("a file whose name is not that of its override is moved aside: an id is there once")
{
    const auto first = *to_toml(an_override(1));
    for (const auto* name : {"2.toml", "01.toml", "1.TOML.toml", "backup of 1.toml", "\x1b[2J.toml", " 1.toml"}) {
        const TemporaryFolder top;
        const auto loaded = loaded_with(top, name, first);
        CHECK(ids(loaded) == std::vector<std::string>{"1"});
        REQUIRE(loaded.notes.size() == 1);
        CHECK(loaded.notes.front().find("says that it is override 1; renamed to") != std::string::npos);
        CHECK(std::ranges::none_of(loaded.notes.front(), [](unsigned char c) { return c < 0x20; }));
    }
}

TEST_CASE("a file beyond 64 KiB is moved aside, one of 64 KiB is read")
{
    const TemporaryFolder top;
    auto text = *to_toml(an_override(7));
    text += "#" + std::string(64UL * 1024 - text.size() - 1, 'x');
    CHECK(ids(loaded_with(top, "7.toml", text)) == std::vector<std::string>{"1", "7"});
    const auto loaded = loaded_with(top, "7.toml", text + "x");
    CHECK(ids(loaded) == std::vector<std::string>{"1"});
    CHECK(loaded.notes.at(0).find("File too large; renamed to 7.toml.corrupt") != std::string::npos);
}

TEST_CASE("an override that would be too large to read is not saved")
{
    const TemporaryFolder top;
    auto store = store_in(top);
    auto large = an_override(1);
    large.reason = std::string(64UL * 1024, 'x');
    CHECK(save(store, large).error().code == EFBIG);
    CHECK(names_in(top).empty());
}

TEST_CASE("links and folders in the place of a file are moved aside and never followed")
{
    const TemporaryFolder top;
    auto store = store_in(top);
    top.write("elsewhere", *to_toml(an_override(7)));
    std::filesystem::create_symlink(top.path() / "elsewhere", top.path() / "overrides.d" / "7.toml");
    std::filesystem::create_directory(top.path() / "overrides.d" / "8.toml");
    const auto loaded = store.load();
    CHECK(loaded.overrides.empty());
    REQUIRE(loaded.notes.size() == 2);
    CHECK(loaded.notes.at(0).ends_with("symbolic links; renamed to 7.toml.corrupt"));
    CHECK(loaded.notes.at(1).ends_with("8.toml is not a regular file; renamed to 8.toml.corrupt"));
    CHECK(std::filesystem::exists(top.path() / "elsewhere"));
}

TEST_CASE("half-written files of a crash are cleared away, and other files left alone")
{
    const TemporaryFolder top;
    const auto loaded = loaded_with(top, ".7.toml.new", "[overr");
    CHECK(loaded.notes.empty());
    CHECK(loaded_with(top, "README", "mine").notes.empty());
    CHECK(names_in(top) == std::vector<std::string>{"1.toml", "README"});
}

TEST_CASE("an override for a weight is read like any other")
{
    const TemporaryFolder top;
    auto kept = an_override(7);
    kept.settings.set(Setting::io_weight, *IoWeight::make(5));
    const auto loaded = loaded_with(top, "7.toml", *to_toml(kept));
    CHECK(ids(loaded) == std::vector<std::string>{"1", "7"});
    CHECK(loaded.notes.empty());
}

TEST_CASE("what cannot be saved or removed is told")
{
    const TemporaryFolder top;
    auto store = store_in(top);
    auto timed = an_override(1);
    timed.ends = Instant{};
    CHECK(save(store, timed).error().code == 0);
    for (const auto* id : {"", "../1", "1/../1", "a", "1.toml"})
        CHECK(remove(store, id).error().code == EINVAL);
    std::filesystem::remove(top.path() / "overrides.d");
    CHECK(save(store, an_override(1)).error().code == ENOENT);
    CHECK_FALSE(std::filesystem::exists(top.path() / "overrides.d"));
}

TEST_CASE("no override that was told to be saved is lost when the daemon is killed at any instant")
{
    std::mt19937 random{20260203};
    for (int round = 0; round < 30; ++round) {
        const TemporaryFolder top;
        const auto enough = static_cast<int>(random() % 40);
        const int saved = steps_before_kill(enough, random, [&](auto tell) {
            auto store = *OverrideStore::open(top.path());
            for (int id = 1; id <= 10000; ++id)
                store.save(an_override(id), [&](const Result<void>& result) { result ? tell() : ::_exit(1); });
            (void)dispatch_until(store, [] { return false; });
        });
        const auto loaded = store_in(top).load();
        CHECK(saved >= enough);
        CHECK(loaded.notes.empty());
        CHECK(static_cast<int>(loaded.overrides.size()) >= saved);
        int id = 0;
        for (const auto& kept : loaded.overrides)
            CHECK(kept == an_override(++id));
    }
}
