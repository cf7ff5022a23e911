// SPDX-License-Identifier: GPL-3.0-or-later
/// Owners and modes as values, and real programs in folders of the test's own.
#include "kernel/file_trust.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "kernel/procfs.hpp"
#include "program_tree.hpp"
#include "skip.hpp"
#include "support/fake_proc.hpp"
#include "temporary_folder.hpp"

namespace priorityd::kernel {

namespace {

constexpr std::uint32_t kFolder = S_IFDIR;
constexpr std::uint32_t kSticky = S_IFDIR | S_ISVTX;

Ownership roots(std::uint32_t mode, unsigned group = 0)
{
    return {.owner = Uid{0}, .group = Gid{group}, .mode = mode};
}

bool is_open(const Ownership& file)
{
    return is_open_to_users(file, kGroups);
}

bool is_replaceable(const Ownership& folder, const Ownership& entry)
{
    return is_replaceable_by_users(folder, entry, kGroups);
}

/// Grants user 1000 everything, as `setfacl -m u:1000:rwx` does. Source: linux/posix_acl_xattr.h.
bool grant_to_user(const fs::path& file)
{
    struct Rule {
        std::uint16_t tag, rights;
        std::uint32_t id;
    };
    struct {
        std::uint32_t version = 2;
        Rule rules[5] = {{0x01, 7, ~0U}, {0x02, 7, 1000}, {0x04, 5, ~0U}, {0x10, 7, ~0U}, {0x20, 5, ~0U}};
    } list;
    return ::setxattr(file.c_str(), "system.posix_acl_access", &list, sizeof list, 0) == 0;
}

/// A process of a /proc made for the test: root folders and mount namespace can be anything.
struct Played {
    std::string our_root;  ///< What /proc/self/root leads to; empty for nothing, as below.
    std::string own_root;
    std::string mounts;
    std::string first_root = {};  ///< Of the first process.
};

bool is_users_in(const Played& played, const fs::path& program)
{
    test::FakeProc tree;
    tree.add({.pid = 42, .exe = program});
    const fs::path proc{tree.proc()};
    fs::create_directories(proc / "42/ns");
    fs::create_directories(proc / "self");
    fs::create_directories(proc / "1");
    const auto link = [](const std::string& target, const fs::path& name) {
        if (!target.empty())
            fs::create_symlink(target, name);
    };
    link(played.our_root, proc / "self/root");
    link(played.first_root, proc / "1/root");
    link(played.own_root, proc / "42/root");
    link(played.mounts, proc / "42/ns/mnt");
    return is_users(42, tree.proc());
}

}  // namespace

TEST_CASE("what root alone may write to is closed, whoever may read it")
{
    for (const std::uint32_t mode : {0755U, 0700U, 0555U, 04755U, 0U})
        CHECK_FALSE(is_open(roots(S_IFREG | mode)));
    CHECK_FALSE(is_open(roots(S_IFREG | 0755, 1000)));
}

TEST_CASE("what has another owner is open, whatever its mode says")
{
    for (const unsigned owner : {1U, 1000U, 65534U, 4294967294U})
        CHECK(is_open({.owner = Uid{owner}, .group = Gid{0}, .mode = S_IFREG | 0}));
}

TEST_CASE("what everybody may write to is open")
{
    CHECK(is_open(roots(S_IFREG | 0757)));
    CHECK(is_open(roots(S_IFREG | 0002)));
    CHECK(is_open(roots(kSticky | 0777)));
}

TEST_CASE("what a group may write to is open if the group has ordinary members")
{
    CHECK_FALSE(is_open(roots(kFolder | 0775, 0)));
    CHECK_FALSE(is_open(roots(kFolder | 02775, 50)));
    CHECK(is_open(roots(kFolder | 0775, 51)));
    CHECK(is_open(roots(kFolder | 0775, 999)));
    CHECK(is_open(roots(kFolder | 0775, 1000)));
    CHECK(is_open(roots(kFolder | 0775, 65534)));
}

TEST_CASE("rights that a group shares with an access control list open a file")
{
    Ownership file = roots(S_IFREG | 0775);
    file.has_acl = true;
    CHECK(is_open(file));
    file.mode = S_IFREG | 0755;
    CHECK_FALSE(is_open(file));
}

TEST_CASE("a sticky folder keeps root's entries, and nobody else's")
{
    const Ownership users{.owner = Uid{1000}, .group = Gid{1000}, .mode = kFolder | 0700};
    CHECK_FALSE(is_replaceable(roots(kSticky | 0777), roots(kFolder | 0755)));
    CHECK_FALSE(is_replaceable(roots(kSticky | 0775, 51), roots(kFolder | 0755)));
    CHECK(is_replaceable(roots(kSticky | 0777), users));
    CHECK(is_replaceable(roots(kFolder | 0777), roots(kFolder | 0755)));
    CHECK(is_replaceable({.owner = Uid{1000}, .group = Gid{0}, .mode = kSticky | 0777}, roots(kFolder | 0755)));
    CHECK_FALSE(is_replaceable(roots(kFolder | 0755), users));
}

TEST_CASE("a program of root's below folders of root's is no user's" * doctest::skip(cannot_run()))
{
    const Tree tree;
    const Running process{tree.program()};
    CHECK_FALSE(is_users(process));
    auto source = Procfs::open().value();
    Snapshot seen;
    seen.is_user_program = true;
    REQUIRE(source.open(Pid{process.pid()}).value()->read(Fact::file, seen));
    CHECK_FALSE(seen.is_user_program);
    CHECK(seen.known == FactSet{Fact::file});
}

TEST_CASE("one user's or open folder on the way makes it a user's program" * doctest::skip(cannot_run()))
{
    const Tree tree;
    const Running process{tree.program()};
    for (const char* name : {"opt/game/bin/steam", "opt/game/bin", "opt/game", "opt", ""}) {
        CAPTURE(name);
        const fs::path entry = tree.folder(name);
        REQUIRE(::chown(entry.c_str(), 1000, 0) == 0);
        CHECK(is_users(process));
        REQUIRE(::chown(entry.c_str(), 0, 0) == 0);
        REQUIRE(::chmod(entry.c_str(), 0777) == 0);
        CHECK(is_users(process));
        REQUIRE(::chmod(entry.c_str(), 0775) == 0);
        CHECK_FALSE(is_users(process));
        REQUIRE(::chown(entry.c_str(), 0, 50) == 0);
        CHECK_FALSE(is_users(process));
        REQUIRE(::chown(entry.c_str(), 0, 51) == 0);
        CHECK(is_users(process));
        REQUIRE(::chown(entry.c_str(), 0, 0) == 0);
        REQUIRE(::chmod(entry.c_str(), 0755) == 0);
        CHECK_FALSE(is_users(process));
    }
}

TEST_CASE("a sticky folder on the way is no harm as long as what is below it is root's" * doctest::skip(cannot_run()))
{
    const Tree tree;
    const Running process{tree.program()};
    REQUIRE(::chmod(tree.folder("opt").c_str(), 01777) == 0);
    CHECK_FALSE(is_users(process));
    REQUIRE(::chown(tree.folder("opt/game").c_str(), 1000, 1000) == 0);
    CHECK(is_users(process));
}

TEST_CASE("a list that grants a user to write makes it a user's program" * doctest::skip(cannot_run()))
{
    const Tree tree;
    const Running process{tree.program()};
    const fs::path folder = tree.folder("opt/game");
    if (!grant_to_user(folder))
        return skip("no access control lists in the folder for temporary files");
    CHECK(is_users(process));
    REQUIRE(::removexattr(folder.c_str(), "system.posix_acl_access") == 0);
    CHECK_FALSE(is_users(process));
}

TEST_CASE("a program that has been deleted or replaced since is not trusted" * doctest::skip(cannot_run()))
{
    const Tree tree;
    const Running process{tree.program()};
    fs::copy_file(tree.program(), tree.folder("opt/game/bin/new"));
    fs::rename(tree.folder("opt/game/bin/new"), tree.program());
    CHECK(is_users(process));
    CHECK_FALSE(is_users(Running{tree.program()}));
    const Running deleted{tree.program()};
    fs::remove(tree.program());
    CHECK(is_users(deleted));
}

TEST_CASE("a file that is called like a deleted one is not taken for it" * doctest::skip(cannot_run()))
{
    const Tree tree;
    const Running process{tree.program()};
    fs::copy_file(tree.program(), tree.folder("opt/game/bin/steam (deleted)"));
    fs::remove(tree.program());
    CHECK(is_users(process));
}

TEST_CASE("a link makes no user's program of root's, a second name in a user's folder does" *
          doctest::skip(cannot_run()))
{
    const Tree tree;
    const fs::path home = tree.folder("home");
    fs::create_directories(home);
    REQUIRE(::chown(home.c_str(), 1000, 1000) == 0);
    fs::create_symlink(tree.program(), home / "link");
    fs::create_hard_link(tree.program(), home / "name");
    CHECK_FALSE(is_users(Running{home / "link"}));
    CHECK(is_users(Running{home / "name"}));
}

TEST_CASE("a path with a link in it is not followed" * doctest::skip(cannot_run()))
{
    const Tree tree;
    fs::create_symlink("game", tree.folder("opt/link"));
    const Played usual{.our_root = "/", .own_root = "/", .mounts = "/proc/self/ns/mnt"};
    CHECK_FALSE(is_users_in(usual, tree.program()));
    CHECK(is_users_in(usual, tree.folder("opt/link/bin/steam")));
}

TEST_CASE("a process that has locked itself into another root still runs the system's program" *
          doctest::skip(cannot_run()))
{
    const Tree tree;
    const TemporaryFolder empty;
    CHECK_FALSE(is_users_in({.our_root = "/", .own_root = empty.path(), .mounts = {}}, tree.program()));
}

TEST_CASE("where we do not see the program, the process's own root counts if root has made its mounts" *
          doctest::skip(cannot_run()))
{
    const Tree tree;
    const TemporaryFolder empty;
    const std::string own = "/proc/self/ns/mnt";
    CHECK_FALSE(is_users_in({.our_root = empty.path(), .own_root = "/", .mounts = own}, tree.program()));
    CHECK_FALSE(is_users_in({.our_root = {}, .own_root = "/", .mounts = own}, tree.program()));
    CHECK(is_users_in({.our_root = empty.path(), .own_root = "/", .mounts = {}}, tree.program()));
    CHECK(is_users_in({.our_root = empty.path(), .own_root = empty.path(), .mounts = own}, tree.program()));
    CHECK(is_users_in({.our_root = {}, .own_root = {}, .mounts = own}, tree.program()));
}

TEST_CASE("a sandbox of our own does not matter where the first process may be looked at" * doctest::skip(cannot_run()))
{
    const Tree tree;
    const TemporaryFolder empty;
    CHECK_FALSE(
        is_users_in({.our_root = empty.path(), .own_root = {}, .mounts = {}, .first_root = "/"}, tree.program()));
    CHECK(is_users_in({.our_root = "/", .own_root = {}, .mounts = {}, .first_root = empty.path()}, tree.program()));
}

TEST_CASE("an open folder that we see is not outvoted by the process's own root" * doctest::skip(cannot_run()))
{
    const Tree tree;
    REQUIRE(::chmod(tree.folder("opt").c_str(), 0777) == 0);
    CHECK(is_users_in({.our_root = "/", .own_root = "/", .mounts = "/proc/self/ns/mnt"}, tree.program()));
}

TEST_CASE("a process without a program, or one that may not be looked at, is not trusted")
{
    CHECK(is_users_in({.our_root = "/", .own_root = "/", .mounts = "/proc/self/ns/mnt"}, ""));
    CHECK(is_users_in({.our_root = "/", .own_root = "/", .mounts = "/proc/self/ns/mnt"}, "/no/such/program"));
}

TEST_CASE("a path longer than the kernel tells is not trusted" * doctest::skip(cannot_run()))
{
    const Tree tree;
    const Running process{tree.program()};
    // Folder by folder, since no call takes such a path.
    UniqueFd below{::open(tree.folder("opt").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    const std::string name(250, 'x');
    for (int depth = 0; depth < 18; ++depth) {
        REQUIRE(::mkdirat(below.get(), name.c_str(), 0755) == 0);
        below.reset(::openat(below.get(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
    REQUIRE_FALSE(is_users(process));
    REQUIRE(::renameat(AT_FDCWD, tree.folder("opt/game").c_str(), below.get(), "game") == 0);
    CHECK(is_users(process.pid()));
}

}  // namespace priorityd::kernel
