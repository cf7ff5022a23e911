// SPDX-License-Identifier: GPL-3.0-or-later
/// What of originals the next start finds, however the daemon has ended and whatever lies in the file.
#include "daemon/originals_journal.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "daemon/killed_child.hpp"
#include "daemon/originals_line.hpp"
#include "kernel/in_child.hpp"
#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using kernel::TemporaryFolder;

namespace {

Original nice_of(int pid, int before, int written)
{
    return {.process = {Pid{pid}, 100},
            .setting = Setting::nice,
            .before = *Nice::make(before),
            .written = *Nice::make(written)};
}

OriginalsJournal journal_in(const TemporaryFolder& top)
{
    auto journal = OriginalsJournal::open(top.path());
    REQUIRE(journal);
    return *std::move(journal);
}

std::string content(const TemporaryFolder& top)
{
    std::ifstream file{top.path() / "originals", std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    return text.substr(0, text.find('\0'));
}

std::vector<std::string> names_in(const TemporaryFolder& top)
{
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{top.path()})
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

/// A journal of this boot with these lines.
std::string with_header(const std::string& lines)
{
    std::string boot;
    std::getline(std::ifstream{"/proc/sys/kernel/random/boot_id"}, boot);
    return "priorityd originals 1 " + boot + "\n" + lines;
}

/// Of each setting of each pid what was written last, unless it was what had been there before.
std::vector<Original> changes_in(const std::vector<Original>& lines)
{
    std::vector<Original> changes;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto& line = lines[i];
        const bool is_last = i + 1 == lines.size() || lines[i + 1].process.pid != line.process.pid ||
                             lines[i + 1].setting != line.setting;
        if (is_last && !(line.before == line.written))
            changes.push_back(line);
    }
    return changes;
}

}  // namespace

TEST_CASE("what was about to be written is in the file before the daemon goes on")
{
    const TemporaryFolder top;
    auto journal = journal_in(top);
    journal.about_to_write(nice_of(42, 0, -4));
    CHECK(content(top) == with_header("42 100 nice 0 -4\n"));
    struct stat status {};
    REQUIRE(::stat((top.path() / "originals").c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600);
}

TEST_CASE("the next start finds the lines of each setting of each pid together, the latest last")
{
    const TemporaryFolder top;
    {
        auto journal = journal_in(top);
        journal.about_to_write(nice_of(42, 0, -4));
        journal.about_to_write(nice_of(43, 5, 10));
        journal.about_to_write(nice_of(42, 0, -6));
        auto other_setting = nice_of(42, 0, 0);
        other_setting.setting = Setting::oom_score_adj;
        other_setting.before = *OomScoreAdj::make(0);
        other_setting.written = *OomScoreAdj::make(500);
        journal.about_to_write(other_setting);
        auto next_of_that_pid = nice_of(43, 1, 2);
        next_of_that_pid.process.start_ticks = 101;
        journal.about_to_write(next_of_that_pid);
    }
    auto journal = journal_in(top);
    const auto recovered = journal.take_recovered().processes;
    REQUIRE(recovered.size() == 5);
    CHECK(recovered[0] == nice_of(42, 0, -4));
    CHECK(recovered[1] == nice_of(42, 0, -6));
    CHECK(recovered[2].setting == Setting::oom_score_adj);
    CHECK(recovered[3] == nice_of(43, 5, 10));
    CHECK(recovered[4].process.start_ticks == 101);
    CHECK(journal.take_recovered().processes.empty());
    CHECK(journal.notes().empty());
}

TEST_CASE("the next start finds the lines of sessions, the latest last, and keeps them until a compaction without them")
{
    const TemporaryFolder top;
    const auto session = [](std::uint64_t autogroup, int written) {
        return SessionOriginal{autogroup, *Nice::make(0), *Nice::make(written)};
    };
    {
        auto journal = journal_in(top);
        for (const int written : {9, 0, 12, 9})
            journal.about_to_write(session(7, written));
        journal.about_to_write(session(8, 3));
    }
    const std::vector left{session(7, 0), session(7, 12), session(7, 9), session(8, 3)};
    CHECK(journal_in(top).take_recovered().sessions == left);
    {
        auto journal = journal_in(top);
        CHECK(journal.take_recovered().sessions == left);
        REQUIRE(journal.compact({.processes = {}, .sessions = {session(8, 3)}}));
        CHECK(content(top) == with_header("autogroup 8 0 3\n"));
        for (int written = -20; written < 20; ++written)
            journal.about_to_write(session(9, written));
    }
    const auto recovered = journal_in(top).take_recovered().sessions;
    CHECK(recovered.size() == 9);
    CHECK(recovered.back() == session(9, 19));
}

TEST_CASE("what has been put back is found to be so")
{
    const TemporaryFolder top;
    {
        auto journal = journal_in(top);
        journal.about_to_write(nice_of(42, 0, -4));
        journal.about_to_write(nice_of(43, 0, -4));
        journal.about_to_write(nice_of(42, 0, 0));
    }
    CHECK(changes_in(journal_in(top).take_recovered().processes) == std::vector{nice_of(43, 0, -4)});
}

TEST_CASE("what was found stays in the journal until it is put back")
{
    const TemporaryFolder top;
    journal_in(top).about_to_write(nice_of(42, 0, -4));
    CHECK(journal_in(top).take_recovered().processes.size() == 1);
    {
        auto journal = journal_in(top);
        CHECK(journal.take_recovered().processes.size() == 1);
        journal.about_to_write(nice_of(42, 0, 0));
    }
    CHECK(changes_in(journal_in(top).take_recovered().processes).empty());
}

TEST_CASE("a class is not kept: it is nothing that could be put back")
{
    const TemporaryFolder top;
    auto journal = journal_in(top);
    journal.about_to_write({.process = {Pid{1}, 1},
                            .setting = Setting::program_class,
                            .before = ClassName{"a b\nc"},
                            .written = ClassName{"d"}});
    CHECK(content(top) == with_header(""));
}

TEST_CASE("after a clean stop nothing is left, and nothing more is kept")
{
    const TemporaryFolder top;
    {
        auto journal = journal_in(top);
        journal.about_to_write(nice_of(42, 0, -4));
        journal.clear();
        CHECK(names_in(top).empty());
        journal.about_to_write(nice_of(42, 0, -4));
        CHECK(journal.compact({.processes = {nice_of(42, 0, -4)}, .sessions = {}}));
        CHECK_FALSE(journal.wants_compaction());
        CHECK(names_in(top).empty());
    }
    CHECK(journal_in(top).take_recovered().processes.empty());
}

TEST_CASE("a journal of another boot is dropped")
{
    const TemporaryFolder top;
    top.write("originals", "priorityd originals 1 00000000-0000-0000-0000-000000000000\n42 100 nice 0 -4\n");
    auto journal = journal_in(top);
    CHECK(journal.take_recovered().processes.empty());
    CHECK(journal.notes().empty());
    CHECK(content(top) == with_header(""));
}

TEST_CASE("an empty file, and one of zeros, is what a crash of the machine leaves")
{
    for (const auto size : {0UL, 1UL, 70000UL}) {
        const TemporaryFolder top;
        top.write("originals", std::string(size, '\0'));
        auto journal = journal_in(top);
        CHECK(journal.take_recovered().processes.empty());
        CHECK(journal.notes().empty());
        CHECK(names_in(top) == std::vector<std::string>{"originals"});
    }
}

TEST_CASE("a torn last line is normal: nothing had been changed yet")
{
    for (const auto* torn : {"4", "43 100 nice 0 -1", "43 100 ni", "43 100 nice 0 -10"}) {
        const TemporaryFolder top;
        top.write("originals", with_header("42 100 nice 0 -4\n") + torn);
        auto journal = journal_in(top);
        CHECK(journal.take_recovered().processes == std::vector{nice_of(42, 0, -4)});
        CHECK(journal.notes().empty());
    }
}

TEST_CASE("lines that cannot be read are counted, and the others are read")
{
    const TemporaryFolder top;
    top.write("originals", with_header("\n42 100 nice 0 -4\nrubbish\n43 100 nice 0 99\n\xff\xfe\n-1 1 nice 0 1\n" +
                                       std::string(100000, 'x') + "\n44 100 nice 0 -4\n"));
    auto journal = journal_in(top);
    CHECK(journal.take_recovered().processes == std::vector{nice_of(42, 0, -4), nice_of(44, 0, -4)});
    REQUIRE(journal.notes().size() == 1);
    CHECK(journal.notes().front().ends_with("originals: 6 lines cannot be read and are left out"));
}

TEST_CASE("a file that is no journal is moved aside, and the new one works")
{
    for (const auto* text : {"nice = 3\n", "x", "priorityd", "priorityd originals 2 x\n",
                             "\x7f"
                             "ELF\x02",
                             "\n"}) {
        const TemporaryFolder top;
        top.write("originals", text);
        {
            auto journal = journal_in(top);
            CHECK(journal.take_recovered().processes.empty());
            REQUIRE(journal.notes().size() == 1);
            CHECK(journal.notes().front().ends_with("is no journal of originals; renamed to originals.corrupt"));
            journal.about_to_write(nice_of(42, 0, -4));
        }
        CHECK(names_in(top) == std::vector<std::string>{"originals", "originals.corrupt"});
        CHECK(journal_in(top).take_recovered().processes.size() == 1);
    }
}

TEST_CASE("a link or folder in the place of the journal is moved aside and never followed")
{
    const TemporaryFolder top;
    const TemporaryFolder state;
    top.write("elsewhere", with_header("42 100 nice 0 -4\n"));
    std::filesystem::create_symlink(top.path() / "elsewhere", state.path() / "originals");
    {
        auto journal = journal_in(state);
        CHECK(journal.take_recovered().processes.empty());
        CHECK(journal.notes().size() == 1);
        journal.about_to_write(nice_of(43, 0, -4));
    }
    CHECK(content(state) == with_header("43 100 nice 0 -4\n"));
    std::filesystem::remove(state.path() / "originals");
    std::filesystem::create_directory(state.path() / "originals");
    CHECK(journal_in(state).notes().front().ends_with("is not a regular file; renamed to originals.corrupt.2"));
}

TEST_CASE("compaction is wanted when most lines are superseded, and keeps what is alive")
{
    const TemporaryFolder top;
    auto journal = journal_in(top);
    for (int i = 0; i < 4096; ++i)
        journal.about_to_write(nice_of(42, 0, i % 19 + 1));
    CHECK_FALSE(journal.wants_compaction());
    journal.about_to_write(nice_of(43, 0, 1));
    CHECK(journal.wants_compaction());
    REQUIRE(journal.compact({.processes = {nice_of(42, 0, 5), nice_of(43, 0, 1)}, .sessions = {}}));
    CHECK_FALSE(journal.wants_compaction());
    CHECK(content(top) == with_header("42 100 nice 0 5\n43 100 nice 0 1\n"));
    journal.about_to_write(nice_of(44, 0, 1));
    CHECK(content(top) == with_header("42 100 nice 0 5\n43 100 nice 0 1\n44 100 nice 0 1\n"));
    CHECK(names_in(top) == std::vector<std::string>{"originals"});
}

TEST_CASE("while much is alive, compaction waits for twice as many lines")
{
    const TemporaryFolder top;
    auto journal = journal_in(top);
    std::vector<Original> live;
    for (int pid = 1; pid <= 5000; ++pid)
        live.push_back(nice_of(pid, 0, 1));
    REQUIRE(journal.compact({.processes = live, .sessions = {}}));
    for (int i = 0; i < 5000; ++i)
        journal.about_to_write(live[static_cast<std::size_t>(i)]);
    CHECK_FALSE(journal.wants_compaction());
    journal.about_to_write(live.front());
    CHECK(journal.wants_compaction());
}

TEST_CASE("compaction is wanted before the reserved room is used up, and the journal grows without it")
{
    const TemporaryFolder top;
    auto journal = journal_in(top);
    CpuSet scattered;
    for (int cpu = 0; cpu < CpuSet::kMaxCpus; cpu += 2)
        scattered.add(cpu);
    const auto original = [&](int pid) {
        return Original{.process = {Pid{pid}, 1},
                        .setting = Setting::cpus,
                        .before = CpuChoice{scattered},
                        .written = CpuChoice{*CpuSet::parse("0")}};
    };
    for (int pid = 1; pid <= 100; ++pid)
        journal.about_to_write(original(pid));
    CHECK(journal.wants_compaction());
    CHECK(std::filesystem::file_size(top.path() / "originals") > 1000000);
    const auto recovered = journal_in(top).take_recovered().processes;
    REQUIRE(recovered.size() == 100);
    CHECK(recovered.back() == original(100));
}

TEST_CASE("a full disk is noted once, what is recovered is there all the same, and compaction tries again")
{
    const auto seen = kernel::in_child([]() -> std::string {
        const TemporaryFolder top;
        {
            auto journal = *OriginalsJournal::open(top.path());
            journal.about_to_write(nice_of(42, 0, -4));
        }
        ::signal(SIGXFSZ, SIG_IGN);
        rlimit limit{};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        const rlimit little{1000, limit.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &little);
        auto journal = *OriginalsJournal::open(top.path());
        for (int i = 0; i < 10; ++i)
            journal.about_to_write(nice_of(43, 0, -4));
        auto text =
            fmt::format("{} notes, {} recovered, ", journal.notes().size(), journal.take_recovered().processes.size());
        text += fmt::format("{} ", OriginalsJournal::open(top.path())->take_recovered().processes.size());
        text +=
            journal.compact({.processes = {nice_of(43, 0, -4)}, .sessions = {}}) ? "compacted, " : "not compacted, ";
        ::setrlimit(RLIMIT_FSIZE, &limit);
        text +=
            journal.compact({.processes = {nice_of(43, 0, -4)}, .sessions = {}}) ? "compacted, " : "not compacted, ";
        journal.about_to_write(nice_of(44, 0, -4));
        return text + fmt::format("{} notes, {} lines", journal.notes().size(),
                                  OriginalsJournal::open(top.path())->take_recovered().processes.size());
    });
    CHECK(seen == "1 notes, 1 recovered, 1 not compacted, compacted, 1 notes, 2 lines");
}

TEST_CASE("while the disk is full, compaction is not wanted again at once")
{
    const auto seen = kernel::in_child([]() -> std::string {
        const TemporaryFolder top;
        auto journal = *OriginalsJournal::open(top.path());
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit little{300UL * 1024, RLIM_INFINITY};
        ::setrlimit(RLIMIT_FSIZE, &little);
        int attempts = 0;
        for (int i = 0; i < 20000; ++i) {
            journal.about_to_write(nice_of(42, 0, i % 19 + 1));
            const rlimit none{100, RLIM_INFINITY};
            if (journal.wants_compaction()) {
                ::setrlimit(RLIMIT_FSIZE, &none);
                attempts += journal.compact({}) ? 1000 : 1;
                ::setrlimit(RLIMIT_FSIZE, &little);
            }
        }
        return fmt::format("{} {} notes", attempts < 200 ? "few" : fmt::to_string(attempts), journal.notes().size());
    });
    CHECK(seen == "few 1 notes");
}

TEST_CASE("a journal that somebody cuts short is noted once, and the daemon goes on")
{
    const TemporaryFolder top;
    auto journal = journal_in(top);
    journal.about_to_write(nice_of(42, 0, -4));
    std::filesystem::resize_file(top.path() / "originals", 0);
    for (int i = 0; i < 10; ++i)
        journal.about_to_write(nice_of(43, 0, -4));
    REQUIRE(journal.notes().size() == 1);
    CHECK(journal.notes().front().find("would stay so if priorityd was killed") != std::string::npos);
    REQUIRE(journal.compact({.processes = {nice_of(42, 0, -4)}, .sessions = {}}));
    journal.about_to_write(nice_of(44, 0, -4));
    CHECK(content(top) == with_header("42 100 nice 0 -4\n44 100 nice 0 -4\n"));
}

TEST_CASE("no line is lost when the daemon is killed at any instant, not even in a compaction")
{
    std::mt19937 random{20260203};
    for (int round = 0; round < 100; ++round) {
        const TemporaryFolder top;
        const auto enough = static_cast<int>(random() % 2000);
        // Step n changes process n % 500 + 1, and puts back each seventh.
        const auto original = [](int step) { return nice_of(step % 500 + 1, 0, step % 7 == 0 ? 0 : step % 19 + 1); };
        const int told = steps_before_kill(enough, random, [&](auto tell) {
            auto journal = *OriginalsJournal::open(top.path());
            std::map<ProcessKey, Original> live;
            for (int step = 0;; ++step) {
                journal.about_to_write(original(step));
                tell();
                live.insert_or_assign(original(step).process, original(step));
                if (step % 100 != 99)
                    continue;
                std::vector<Original> values;
                for (const auto& entry : live)
                    values.push_back(entry.second);
                if (!journal.compact({.processes = values, .sessions = {}}))
                    ::_exit(1);
            }
        });
        CHECK(told >= enough);
        // One more line may be there than was told of: then it counts for its process.
        std::map<ProcessKey, Original> without;
        for (int step = 0; step < told; ++step)
            without.insert_or_assign(original(step).process, original(step));
        auto with = without;
        with.insert_or_assign(original(told).process, original(told));
        const auto open_ones = [](const std::map<ProcessKey, Original>& all) {
            std::vector<Original> open;
            for (const auto& entry : all) {
                if (!(entry.second.before == entry.second.written))
                    open.push_back(entry.second);
            }
            return open;
        };
        auto journal = journal_in(top);
        const auto recovered = changes_in(journal.take_recovered().processes);
        CHECK((recovered == open_ones(without) || recovered == open_ones(with)));
        CHECK(journal.notes().empty());
    }
}
