// SPDX-License-Identifier: GPL-3.0-or-later
/// What programs have turned out to be, from the daemon's side: votes at exec, over restarts, and whatever the disk
/// says.
#include "daemon/profile_keeper.hpp"

#include <fcntl.h>

#include <filesystem>

#include <doctest/doctest.h>

#include "core/names.hpp"
#include "daemon/eventually.hpp"
#include "kernel/file_id.hpp"
#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using kernel::TemporaryFolder;
using namespace std::chrono_literals;

namespace {

const Log kSilent{Log::Level::error};

/// A keeper with a program of its own, and a clock.
struct Kept {
    explicit Kept(const std::optional<std::filesystem::path>& state)
        : keeper{*ProfileKeeper::open(state, kSilent)}, now{1h}
    {
    }
    /// Until what was handed over last has been done.
    std::vector<Pid> wait()
    {
        REQUIRE(is_readable(keeper->fd(), kPatience));
        return keeper->take_news(now);
    }
    /// Runs what is due a second or a minute from now, and waits for it.
    void pass(Instant::duration time)
    {
        (void)keeper->deadline(now);
        now += time;
        keeper->run_due(now);
        (void)wait();
    }
    std::vector<Vote> votes_on(const Snapshot& process)
    {
        std::vector<Vote> votes;
        keeper->advise(process, votes);
        return votes;
    }

    std::unique_ptr<ProfileKeeper> keeper;
    Instant now;
};

ProgramFile file_at(const std::filesystem::path& path)
{
    return {.exe = path, .id = kernel::file_id(AT_FDCWD, path.c_str())};
}

Snapshot process_of(const ProgramFile& program, int pid = 1)
{
    Snapshot process;
    process.key.pid = Pid{pid};
    process.exe = program.exe;
    process.names = {std::string{base_name(program.exe)}};
    process.file_id = program.id;
    return process;
}

Advice build()
{
    return {.program_class = "build", .confidence = 0.9, .because = "busy"};
}

}  // namespace

TEST_CASE("what a program has turned out to be is said of its next start, in this life of the daemon and in the next")
{
    const TemporaryFolder top;
    const auto program = file_at(top.write("tool", "1"));
    {
        Kept kept{top.path()};
        (void)kept.wait();
        CHECK(kept.votes_on(process_of(program)).empty());
        CHECK(kept.keeper->needs(process_of(program)).empty());
        kept.keeper->note(program, build());
        CHECK(kept.votes_on(process_of(program)).empty());
        kept.pass(1s);
        CHECK(kept.keeper->needs(process_of(program)) == FactSet{Fact::file_id});
        const auto votes = kept.votes_on(process_of(program));
        REQUIRE(votes.size() == 1);
        CHECK(votes.front().engine == "profiles");
        CHECK(votes.front().advice.program_class == "build");
    }
    Kept next{top.path()};
    CHECK(next.votes_on(process_of(program, 42)).empty());
    CHECK(next.wait() == std::vector{Pid{42}});
    CHECK(next.votes_on(process_of(program, 42)).size() == 1);
    CHECK(next.keeper->asked() == 2);
    CHECK(next.keeper->answered() == 1);
}

TEST_CASE("an interpreter's file says nothing of its script")
{
    const TemporaryFolder top;
    const auto program = file_at(top.write("python3", "1"));
    Kept kept{std::nullopt};
    kept.keeper->note(program, build());
    kept.pass(1s);
    auto script = process_of(program);
    REQUIRE(kept.votes_on(script).size() == 1);
    script.names = {"my-script", "python3"};
    CHECK(kept.votes_on(script).empty());
    CHECK(kept.keeper->needs(script).empty());
}

TEST_CASE("nothing is learned of a file that the path does not lead to here")
{
    const TemporaryFolder top;
    auto elsewhere = file_at(top.write("tool", "1"));
    elsewhere.id.inode += 1;
    Kept kept{std::nullopt};
    kept.keeper->note(elsewhere, build());
    kept.keeper->note({"/nonexistent/tool", elsewhere.id}, build());
    kept.keeper->note({elsewhere.exe, FileId{}}, build());
    kept.pass(1s);
    CHECK(kept.keeper->profiles().size() == 0);
}

TEST_CASE("what an engine outside says is suggested once another process has been given it, and a process counts once")
{
    const TemporaryFolder top;
    const auto program = file_at(top.write("tool", "1"));
    const Vote vote{.engine = "llm", .advice = {.program_class = "game", .confidence = 0.9, .because = "it plays"}};
    // Each younger than the daemon.
    const auto process = [](std::uint64_t start) {
        return ProcessKey{.pid = Pid{1}, .start_ticks = (std::uint64_t{1} << 60U) + start};
    };
    {
        Kept kept{top.path()};
        (void)kept.wait();
        std::vector<Suggestion> told;
        kept.keeper->on_suggestion([&](const Suggestion& one) { told.push_back(one); });
        kept.keeper->hear(program, vote, process(5));
        kept.keeper->hear(program, vote, process(5));
        kept.pass(1s);
        CHECK(kept.keeper->profiles().suggestions().empty());
        CHECK(kept.keeper->known_of(program).empty());
        kept.keeper->hear(program, vote, process(5));
        CHECK(kept.keeper->profiles().suggestions().empty());
        kept.keeper->hear(program, vote, process(6));
        REQUIRE(kept.keeper->profiles().suggestions().size() == 1);
        CHECK(kept.keeper->profiles().suggestions().front().seen == 2);
        (void)kept.keeper->take_news(kept.now);
        REQUIRE(told.size() == 1);
        CHECK(told.front().program_class == "game");
        kept.keeper->note(program, build());
        kept.pass(1s);
        CHECK(kept.keeper->known_of(program) == "build in 1 of 1 start");
    }
    Kept next{top.path()};
    (void)next.wait();
    CHECK(next.keeper->profiles().suggestions().size() == 1);
    // One that was there before this daemon is no other start.
    next.keeper->hear(program, vote, {.pid = Pid{1}, .start_ticks = 1});
    CHECK(next.keeper->profiles().suggestions().front().seen == 2);
    next.keeper->hear(program, vote, process(1));
    CHECK(next.keeper->profiles().suggestions().front().seen == 3);
}

TEST_CASE("what is said of a file that the path does not lead to here is not suggested, and nothing when that is off")
{
    const TemporaryFolder top;
    auto program = file_at(top.write("tool", "1"));
    const Vote vote{.engine = "llm", .advice = {.program_class = "game", .confidence = 0.9, .because = ""}};
    Kept kept{std::nullopt};
    kept.keeper->enable(false);
    kept.keeper->hear(program, vote, {});
    CHECK_FALSE(kept.keeper->deadline(kept.now));
    kept.keeper->enable(true);
    program.id.inode += 1;
    kept.keeper->hear(program, vote, {});
    kept.pass(1s);
    CHECK(kept.keeper->profiles().size() == 0);
    kept.keeper->hear(program, vote, {});
    CHECK_FALSE(kept.keeper->deadline(kept.now));
}

TEST_CASE("the fifth start that agrees is told as a suggestion")
{
    const TemporaryFolder top;
    const auto program = file_at(top.write("tool", "1"));
    Kept kept{std::nullopt};
    std::vector<Suggestion> told;
    kept.keeper->on_suggestion([&](const Suggestion& one) { told.push_back(one); });
    for (int i = 0; i < 4; ++i)
        kept.keeper->note(program, build());
    kept.pass(1s);
    CHECK(told.empty());
    kept.keeper->note(program, build());
    kept.pass(1s);
    REQUIRE(told.size() == 1);
    CHECK(told.front().exe == program.exe);
}

TEST_CASE("nothing is written before a minute, and with nothing to keep the daemon may sleep")
{
    const TemporaryFolder top;
    const TemporaryFolder programs;
    const auto program = file_at(programs.write("tool", "1"));
    Kept kept{top.path()};
    (void)kept.wait();
    CHECK_FALSE(kept.keeper->deadline(kept.now));
    kept.keeper->note(program, build());
    kept.pass(1s);
    CHECK(kept.keeper->deadline(kept.now) == kept.now + 1min);
    CHECK(std::filesystem::is_empty(top.path()));
    kept.pass(1min);
    CHECK(std::filesystem::exists(top.path() / "profiles.sqlite"));
    CHECK_FALSE(kept.keeper->deadline(kept.now));
}

TEST_CASE("what people say is kept at once")
{
    const TemporaryFolder top;
    const auto program = file_at(top.write("tool", "1"));
    Kept kept{top.path()};
    (void)kept.wait();
    for (int i = 0; i < 5; ++i)
        kept.keeper->note(program, build());
    kept.pass(1s);
    CHECK(kept.keeper->reject(1));
    CHECK(kept.keeper->deadline(kept.now) == kept.now);
    kept.pass(0s);
    CHECK(ProfileStore{top.path()}.load().kept.rejections.size() == 1);
    kept.keeper->forget();
    CHECK(kept.keeper->profiles().size() == 0);
    kept.pass(0s);
    CHECK(ProfileStore{top.path()}.load().kept.empty());
}

TEST_CASE("what is forgotten before it was loaded does not come back")
{
    const TemporaryFolder top;
    const auto program = file_at(top.write("tool", "1"));
    {
        Kept kept{top.path()};
        (void)kept.wait();
        kept.keeper->note(program, build());
        kept.pass(1s);
    }
    Kept next{top.path()};
    next.keeper->forget();
    (void)next.wait();
    CHECK(next.keeper->profiles().size() == 0);
    next.pass(0s);
    CHECK(ProfileStore{top.path()}.load().kept.empty());
}

TEST_CASE("where nothing can be kept, learning goes on, and it is tried again later")
{
    const TemporaryFolder top;
    const auto program = file_at(top.write("tool", "1"));
    const auto state = top.path() / "state";
    Kept kept{state};
    (void)kept.wait();
    kept.keeper->note(program, build());
    kept.pass(1s);
    kept.pass(1min);
    CHECK(kept.votes_on(process_of(program)).size() == 1);
    CHECK(kept.keeper->deadline(kept.now) == kept.now + 10min);
    std::filesystem::create_directory(state);
    kept.pass(10min);
    CHECK(ProfileStore{state}.load().kept.profiles.size() == 1);
}

TEST_CASE("an engine that is switched off learns nothing and says nothing")
{
    const TemporaryFolder top;
    const auto program = file_at(top.write("tool", "1"));
    Kept kept{std::nullopt};
    kept.keeper->note(program, build());
    kept.pass(1s);
    kept.keeper->enable(false);
    CHECK(kept.votes_on(process_of(program)).empty());
    CHECK(kept.keeper->needs(process_of(program)).empty());
    kept.keeper->note(program, build());
    CHECK_FALSE(kept.keeper->deadline(kept.now));
    kept.keeper->enable(true);
    CHECK(kept.votes_on(process_of(program)).size() == 1);
}
