// SPDX-License-Identifier: GPL-3.0-or-later
/// Programs that are looked up on another thread, for those that have asked.
#include "daemon/program_lookup.hpp"

#include <fcntl.h>

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "daemon/eventually.hpp"
#include "kernel/programs.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using namespace std::chrono_literals;

namespace {

/// Some file where packages put programs.
ProgramFile some_program(const std::string& exe)
{
    return {exe, kernel::file_id(AT_FDCWD, exe.c_str())};
}

}  // namespace

TEST_CASE("programs that are wanted are looked up together, a second after the first was")
{
    auto lookup = *ProgramLookup::open();
    const auto shell = some_program("/bin/sh");
    const auto env = some_program("/usr/bin/env");
    REQUIRE(shell.id != FileId{});
    CHECK_FALSE(lookup->deadline(Instant{}));
    CHECK(lookup->find(shell, Pid{1}) == nullptr);
    CHECK(lookup->deadline(Instant{}) == Instant{1s});
    CHECK(lookup->find(env, Pid{2}) == nullptr);
    CHECK(lookup->deadline(Instant{500ms}) == Instant{1s});
    lookup->run_due(Instant{999ms});
    CHECK(lookup->deadline(Instant{999ms}));
    lookup->run_due(Instant{1s});
    CHECK_FALSE(lookup->deadline(Instant{1s}));

    REQUIRE(is_readable(lookup->fd(), kPatience));
    auto answered = lookup->take_answered(Instant{2s});
    std::ranges::sort(answered);
    CHECK(answered == std::vector{Pid{1}, Pid{2}});
    CHECK(lookup->find(shell, Pid{3}) != nullptr);
    CHECK(lookup->find(env, Pid{3}) != nullptr);
    CHECK_FALSE(lookup->deadline(Instant{2s}));
    CHECK(lookup->take_answered(Instant{2s}).empty());
}

TEST_CASE("what is wanted while a look-up is under way waits for the next one, a hundred times as long as that took")
{
    auto lookup = *ProgramLookup::open();
    CHECK(lookup->find(some_program("/bin/sh"), Pid{1}) == nullptr);
    (void)lookup->deadline(Instant{});
    lookup->run_due(Instant{1s});
    CHECK(lookup->find(some_program("/usr/bin/env"), Pid{2}) == nullptr);
    CHECK_FALSE(lookup->deadline(Instant{1s}));
    REQUIRE(is_readable(lookup->fd(), kPatience));
    CHECK(lookup->take_answered(Instant{2s}) == std::vector{Pid{1}});
    const auto rest = std::min<Instant::duration>(100 * lookup->latency(), 1min);
    CHECK(lookup->deadline(Instant{2s}) == std::max(Instant{3s}, Instant{2s} + rest));
}

TEST_CASE("a look-up that nobody waits for any more ends quietly")
{
    auto lookup = *ProgramLookup::open();
    CHECK(lookup->find(some_program("/bin/sh"), Pid{1}) == nullptr);
    (void)lookup->deadline(Instant{});
    lookup->run_due(Instant{1s});
}
