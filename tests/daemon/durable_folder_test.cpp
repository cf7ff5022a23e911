// SPDX-License-Identifier: GPL-3.0-or-later
/// Files of state: replaced whole or not at all.
#include "daemon/durable_folder.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "kernel/in_child.hpp"
#include "kernel/skip.hpp"
#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using kernel::TemporaryFolder;

namespace {

constexpr std::size_t kMost = 1000;

unsigned mode_of(const std::filesystem::path& path)
{
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

std::vector<std::string> sorted_names(const DurableFolder& folder)
{
    auto names = *folder.names();
    std::ranges::sort(names);
    return names;
}

}  // namespace

TEST_CASE("the folder and its files are for their owner alone")
{
    const TemporaryFolder top;
    const auto folder = *DurableFolder::open(top.path() / "d");
    REQUIRE(folder.write("a", "text"));
    CHECK(mode_of(top.path() / "d") == 0700);
    CHECK(mode_of(top.path() / "d" / "a") == 0600);
}

TEST_CASE("what was written is read, and replaces what was there")
{
    const TemporaryFolder top;
    const auto folder = *DurableFolder::open(top.path());
    REQUIRE(folder.write("a", "a longer text"));
    REQUIRE(folder.write("a", "text"));
    CHECK(*folder.read("a", kMost) == "text");
    CHECK(sorted_names(folder) == std::vector<std::string>{"a"});
    REQUIRE(folder.remove("a"));
    CHECK(folder.read("a", kMost).error().code == ENOENT);
    CHECK(folder.remove("a"));
}

TEST_CASE("a write that fails leaves the old file and nothing else")
{
    const auto seen = kernel::in_child([]() -> std::string {
        const TemporaryFolder top;
        const auto folder = *DurableFolder::open(top.path());
        if (!folder.write("a", "old"))
            return "no";
        // The nearest to a full disk that can be had anywhere.
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit little{16, 16};
        ::setrlimit(RLIMIT_FSIZE, &little);
        const auto written = folder.write("a", std::string(17, 'x'));
        return fmt::format("{} {} {}", written ? 0 : written.error().code, *folder.read("a", kMost),
                           fmt::to_string(folder.names()->size()));
    });
    CHECK(seen == fmt::format("{} old 1", EFBIG));
}

TEST_CASE("what cannot be replaced is told, and no draft stays")
{
    const TemporaryFolder top;
    const auto folder = *DurableFolder::open(top.path());
    top.write("a/b", "");
    CHECK(folder.write("a", "text").error().code == EISDIR);
    CHECK(sorted_names(folder) == std::vector<std::string>{"a"});
    CHECK_FALSE(folder.remove("a"));
}

TEST_CASE("a folder that may not be written, or has gone, is told")
{
    const TemporaryFolder top;
    const auto forbidden = *DurableFolder::open(top.path() / "forbidden");
    std::filesystem::permissions(top.path() / "forbidden", std::filesystem::perms{0500});
    const auto code = kernel::in_child([&]() -> std::string {
        if (::geteuid() == 0 && !kernel::become_nobody())
            return "refused";
        const auto written = forbidden.write("a", "text");
        return written ? "written" : fmt::to_string(written.error().code);
    });
    if (code == "refused")
        kernel::skip("cannot become another user here");
    else
        CHECK(code == fmt::to_string(EACCES));

    const auto folder = *DurableFolder::open(top.path() / "d");
    std::filesystem::remove(top.path() / "d");
    CHECK(folder.write("a", "text").error().code == ENOENT);
    CHECK_FALSE(DurableFolder::open(top.path() / "no" / "such"));
}

TEST_CASE("neither links nor anything but files are read")
{
    const TemporaryFolder top;
    const auto folder = *DurableFolder::open(top.path() / "d");
    top.write("secret", "text");
    std::filesystem::create_symlink(top.path() / "secret", top.path() / "d" / "link");
    REQUIRE(::mkfifo((top.path() / "d" / "fifo").c_str(), 0600) == 0);
    std::filesystem::create_directory(top.path() / "d" / "folder");
    CHECK(folder.read("link", kMost).error().code == ELOOP);
    CHECK(folder.read("fifo", kMost).error().message().ends_with("fifo is not a regular file"));
    CHECK(folder.read("folder", kMost).error().message().ends_with("folder is not a regular file"));
}

TEST_CASE("a link is replaced, not followed")
{
    const TemporaryFolder top;
    const auto folder = *DurableFolder::open(top.path() / "d");
    top.write("other", "old");
    std::filesystem::create_symlink(top.path() / "other", top.path() / "d" / "a");
    std::filesystem::create_symlink(top.path() / "other", top.path() / "d" / ".a.new");
    REQUIRE(folder.write("a", "new"));
    CHECK(*folder.read("a", kMost) == "new");
    CHECK(std::filesystem::file_size(top.path() / "other") == 3);
}

TEST_CASE("a file is read up to the given length, and not beyond")
{
    const TemporaryFolder top;
    const auto folder = *DurableFolder::open(top.path());
    top.write("a", std::string(kMost, 'x'));
    top.write("b", std::string(kMost + 1, 'x'));
    CHECK(folder.read("a", kMost)->size() == kMost);
    CHECK(folder.read("b", kMost).error().code == EFBIG);
}

TEST_CASE("what is set aside does not replace what was set aside before")
{
    const TemporaryFolder top;
    const auto folder = *DurableFolder::open(top.path());
    for (const auto* text : {"one", "two", "three"}) {
        top.write("a", text);
        REQUIRE(folder.set_aside("a"));
    }
    CHECK(*folder.read("a.corrupt", kMost) == "one");
    CHECK(*folder.read("a.corrupt.2", kMost) == "two");
    CHECK(*folder.read("a.corrupt.3", kMost) == "three");
    CHECK(folder.set_aside("a").error().code == ENOENT);
}

TEST_CASE("drafts that a crash has left are cleared away, and nothing else is")
{
    const TemporaryFolder top;
    const auto folder = *DurableFolder::open(top.path());
    for (const auto* name : {".a.new", ".17.toml.new", "b.new", ".hidden", "c"})
        top.write(name, "");
    folder.discard_drafts();
    CHECK(sorted_names(folder) == std::vector<std::string>{".hidden", "b.new", "c"});
}
