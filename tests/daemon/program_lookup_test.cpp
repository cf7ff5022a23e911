// SPDX-License-Identifier: GPL-3.0-or-later
/// Programs that are looked up on another thread, for those that have asked.
#include "daemon/program_lookup.hpp"

#include <fcntl.h>

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "core/names.hpp"
#include "daemon/eventually.hpp"
#include "kernel/file_id.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using namespace std::chrono_literals;

namespace {

/// A process that runs a program where packages put them.
Snapshot some_process(int pid, const std::string& exe)
{
    Snapshot process;
    process.key.pid = Pid{pid};
    process.exe = exe;
    process.names = {std::string{base_name(exe)}};
    process.file_id = kernel::file_id(AT_FDCWD, exe.c_str());
    return process;
}

std::size_t votes_on(ProgramLookup& lookup, const Snapshot& process)
{
    std::vector<Vote> votes;
    lookup.advise(process, votes);
    return votes.size();
}

}  // namespace

TEST_CASE("programs that are wanted are looked up together, a second after the first was")
{
    auto lookup = *ProgramLookup::open();
    const auto shell = some_process(1, "/bin/sh");
    const auto env = some_process(2, "/usr/bin/env");
    REQUIRE(shell.file_id != FileId{});
    CHECK_FALSE(lookup->deadline(Instant{}));
    CHECK(votes_on(*lookup, shell) == 0);
    CHECK(lookup->deadline(Instant{}) == Instant{1s});
    CHECK(votes_on(*lookup, env) == 0);
    CHECK(lookup->deadline(Instant{500ms}) == Instant{1s});
    lookup->run_due(Instant{999ms});
    CHECK(lookup->deadline(Instant{999ms}));
    lookup->run_due(Instant{1s});
    CHECK_FALSE(lookup->deadline(Instant{1s}));

    REQUIRE(is_readable(lookup->fd(), kPatience));
    auto answered = lookup->take_news(Instant{2s});
    std::ranges::sort(answered);
    CHECK(answered == std::vector{Pid{1}, Pid{2}});
    const auto misses = lookup->cache().tally().misses;
    (void)votes_on(*lookup, shell);
    (void)votes_on(*lookup, env);
    CHECK(lookup->cache().tally().misses == misses);
    CHECK_FALSE(lookup->deadline(Instant{2s}));
    CHECK(lookup->take_news(Instant{2s}).empty());
}

TEST_CASE("what is wanted while a look-up is under way waits for the next one, a hundred times as long as that took")
{
    auto lookup = *ProgramLookup::open();
    CHECK(votes_on(*lookup, some_process(1, "/bin/sh")) == 0);
    (void)lookup->deadline(Instant{});
    lookup->run_due(Instant{1s});
    CHECK(votes_on(*lookup, some_process(2, "/usr/bin/env")) == 0);
    CHECK_FALSE(lookup->deadline(Instant{1s}));
    REQUIRE(is_readable(lookup->fd(), kPatience));
    CHECK(lookup->take_news(Instant{2s}) == std::vector{Pid{1}});
    const auto rest = std::min<Instant::duration>(100 * lookup->latency(), 1min);
    CHECK(lookup->deadline(Instant{2s}) == std::max(Instant{3s}, Instant{2s} + rest));
}

TEST_CASE("a look-up that nobody waits for any more ends quietly")
{
    auto lookup = *ProgramLookup::open();
    CHECK(votes_on(*lookup, some_process(1, "/bin/sh")) == 0);
    (void)lookup->deadline(Instant{});
    lookup->run_due(Instant{1s});
}
