// SPDX-License-Identifier: GPL-3.0-or-later
/// A file that is appended to through memory.
#include "daemon/mapped_log.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "kernel/in_child.hpp"
#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using kernel::TemporaryFolder;
using kernel::UniqueFd;

namespace {

UniqueFd file_with(const std::filesystem::path& path, const std::string& text)
{
    std::ofstream{path, std::ios::binary} << text;
    return UniqueFd{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
}

/// Without the zeros at its end.
std::string content(const std::filesystem::path& path)
{
    std::ifstream file{path, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    return text.substr(0, text.find('\0'));
}

}  // namespace

TEST_CASE("what is appended stands behind what the file had, at once")
{
    const TemporaryFolder top;
    const auto path = top.path() / "log";
    auto log = *MappedLog::map(file_with(path, "head\n"), 5, 100);
    CHECK(log.room() >= 100);
    CHECK(log.append("one\n"));
    CHECK(log.append("two\n"));
    CHECK(content(path) == "head\none\ntwo\n");
}

TEST_CASE("a log that has grown keeps what it had")
{
    const TemporaryFolder top;
    const auto path = top.path() / "log";
    auto log = *MappedLog::map(file_with(path, ""), 0, 10);
    std::string expected;
    for (int i = 0; i < 20000; ++i) {
        const auto line = fmt::format("line {}\n", i);
        if (log.room() < line.size())
            REQUIRE(log.grow(line.size()));
        REQUIRE(log.append(line));
        expected += line;
    }
    CHECK(expected.size() > 200000);
    CHECK(content(path) == expected);
}

TEST_CASE("a log may be moved")
{
    const TemporaryFolder top;
    const auto path = top.path() / "log";
    auto first = *MappedLog::map(file_with(path, ""), 0, 10);
    CHECK(first.append("a"));
    auto second = std::move(first);
    CHECK(second.append("b"));
    second = *MappedLog::map(file_with(top.path() / "other", ""), 0, 10);
    CHECK(second.append("c"));
    CHECK(content(path) == "ab");
    CHECK(content(top.path() / "other") == "c");
}

TEST_CASE("room that the disk does not have is refused, and what there was goes on")
{
    const auto seen = kernel::in_child([]() -> std::string {
        const TemporaryFolder top;
        const auto path = top.path() / "log";
        auto log = *MappedLog::map(file_with(path, ""), 0, 10);
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit little{64UL * 1024, 64UL * 1024};
        ::setrlimit(RLIMIT_FSIZE, &little);
        const auto grown = log.grow(1);
        const bool is_appended = log.append("a");
        return fmt::format("{} {} {}", grown ? 0 : grown.error().code, is_appended, content(path));
    });
    CHECK(seen == fmt::format("{} true a", EFBIG));
}

TEST_CASE("a file that is cut short loses the log, and does not end the process")
{
    const auto seen = kernel::in_child([]() -> std::string {
        const TemporaryFolder top;
        const auto path = top.path() / "log";
        auto log = *MappedLog::map(file_with(path, ""), 0, 10);
        std::string answers = fmt::format("{} ", log.append("a"));
        std::filesystem::resize_file(path, 0);
        for (int i = 0; i < 3; ++i)
            answers += fmt::format("{} ", log.append("b"));
        auto next = *MappedLog::map(file_with(top.path() / "next", ""), 0, 10);
        return answers + fmt::format("{}", next.append("c"));
    });
    CHECK(seen == "true false false false true");
}

TEST_CASE("SIGBUS about anything else ends the process as ever")
{
    const TemporaryFolder top;
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGBUS, SIG_DFL);  // a sanitizer has a handler of its own
        auto log = *MappedLog::map(file_with(top.path() / "log", ""), 0, 10);
        const auto file = file_with(top.path() / "other", "");
        auto* other = static_cast<volatile char*>(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file.get(), 0));
        if (log.append("a"))
            ::_exit(other[0]);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGBUS);
}
