// SPDX-License-Identifier: GPL-3.0-or-later
/// A suggestion that was accepted becomes a rule in a file, and a file with a mistake never comes to be.
#include "daemon/accepted_rules.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "core/policy_reading.hpp"
#include "kernel/accounts.hpp"
#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using kernel::TemporaryFolder;

namespace {

constexpr std::chrono::sys_seconds kDay{std::chrono::sys_days{std::chrono::year{2026} / 2 / 3}};

Policy with_class_build()
{
    auto reading =
        read_policy({{.kind = PolicyFile::Kind::rules, .path = "c", .text = "[class.build]\nnice = 5\n", .error = {}}},
                    kernel::SystemAccounts{});
    REQUIRE(reading.policy);
    return *std::move(reading.policy);
}

Suggestion suggestion(const std::string& exe, const std::string& program_class = "build")
{
    return {.id = 1,
            .exe = exe,
            .program_class = program_class,
            .starts = 5,
            .agreeing = 5,
            .because = "build in 5 of 5 starts"};
}

std::string text_of(const std::filesystem::path& file)
{
    std::ostringstream text;
    text << std::ifstream{file}.rdbuf();
    return text.str();
}

unsigned mode_of(const std::filesystem::path& path)
{
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

}  // namespace

TEST_CASE("the file and its folders are made, for everybody to read whatever the mask says, and added to")
{
    const TemporaryFolder top;
    const auto folder = top.path() / "etc" / "priorityd" / "rules.d";
    const auto mask = ::umask(0077);
    const auto first = add_accepted_rule(folder, suggestion("/usr/bin/a"), with_class_build(), kDay);
    ::umask(mask);
    REQUIRE(first);
    CHECK(*first == folder / "80-accepted.toml");
    CHECK(mode_of(*first) == 0644);
    CHECK(mode_of(folder) == 0755);
    CHECK(mode_of(folder.parent_path()) == 0755);
    const auto before = text_of(*first);
    CHECK(before.find("exe = \"/usr/bin/a\"") != std::string::npos);
    REQUIRE(add_accepted_rule(folder, suggestion("/usr/bin/b"), with_class_build(), kDay));
    CHECK(text_of(*first).starts_with(before));
    CHECK(text_of(*first).find("exe = \"/usr/bin/b\"") != std::string::npos);
    CHECK(std::distance(std::filesystem::directory_iterator{folder}, {}) == 1);
}

TEST_CASE("where the file would have a mistake it stays as it is, and the mistake is told")
{
    const TemporaryFolder top;
    SUBCASE("a class that is not there")
    {
        const auto added = add_accepted_rule(top.path(), suggestion("/a", "nonsense"), with_class_build(), kDay);
        REQUIRE_FALSE(added);
        CHECK(added.error().doing.find("nonsense") != std::string::npos);
        CHECK(std::filesystem::is_empty(top.path()));
    }
    SUBCASE("what somebody has written into it")
    {
        const auto file = top.write("80-accepted.toml", "[[rule]\n");
        const auto added = add_accepted_rule(top.path(), suggestion("/a"), with_class_build(), kDay);
        REQUIRE_FALSE(added);
        CHECK(added.error().doing.find("80-accepted.toml:1:") != std::string::npos);
        CHECK(text_of(file) == "[[rule]\n");
    }
    SUBCASE("a path that is no text")
    {
        const auto added = add_accepted_rule(top.path(), suggestion("/\xff"), with_class_build(), kDay);
        REQUIRE_FALSE(added);
        CHECK(added.error().code == EILSEQ);
    }
}

TEST_CASE("a link in its place is not followed, and a folder that cannot be made is told")
{
    const TemporaryFolder top;
    const auto target = top.write("target", "# mine\n");
    std::filesystem::create_symlink(target, top.path() / "80-accepted.toml");
    const auto added = add_accepted_rule(top.path(), suggestion("/a"), with_class_build(), kDay);
    REQUIRE_FALSE(added);
    CHECK(added.error().code == ELOOP);
    CHECK(text_of(target) == "# mine\n");
    CHECK_FALSE(add_accepted_rule(target / "rules.d", suggestion("/a"), with_class_build(), kDay));
}
