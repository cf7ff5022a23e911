// SPDX-License-Identifier: GPL-3.0-or-later
/// Programs below mounts and in namespaces of the test's own: whose are they?
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "in_child.hpp"
#include "program_tree.hpp"
#include "skip.hpp"

namespace priorityd::kernel {

namespace {

/// In a child: mounts of its own, which end with it.
bool get_own_mounts()
{
    return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

/// In a child: the same, as an ordinary user may have them.
bool get_users_mounts()
{
    return become_nobody() && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
}

bool bind(const fs::path& what, const fs::path& where)
{
    return ::mount(what.c_str(), where.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

bool users_have_no_namespaces()
{
    return cannot_run() || in_child([] { return std::string{get_users_mounts() ? "yes" : "no"}; }) != "yes";
}

bool has_no_own_mounts()
{
    return cannot_run() || in_child([] { return std::string{get_own_mounts() ? "yes" : "no"}; }) != "yes";
}

}  // namespace

TEST_CASE("a program on an overlay is judged by the folders of the overlay" * doctest::skip(has_no_own_mounts()))
{
    const Tree tree;
    for (const char* name : {"upper", "work", "merged"})
        fs::create_directories(tree.folder(name));
    const auto run = [&](const fs::path& lower) {
        return Running{tree.folder("merged/bin/steam"), [&] {
                           const std::string layers = "lowerdir=" + lower.string() +
                                                      ",upperdir=" + tree.folder("upper").string() +
                                                      ",workdir=" + tree.folder("work").string();
                           return get_own_mounts() &&
                                  ::mount("none", tree.folder("merged").c_str(), "overlay", 0, layers.c_str()) == 0;
                       }};
    };
    {
        const Running process{run(tree.folder("opt/game"))};
        if (!process.has_started())
            return skip("no overlay can be mounted here");
        CHECK_FALSE(is_users(process));
        // The file is copied to the upper layer, and stays the same one.
        const std::string seen =
            "/proc/" + std::to_string(process.pid()) + "/root" + tree.folder("merged/bin/steam").string();
        REQUIRE(::chmod(seen.c_str(), 0700) == 0);
        CHECK(fs::exists(tree.folder("upper/bin/steam")));
        CHECK_FALSE(is_users(process));
        REQUIRE(::chmod(seen.c_str(), 0777) == 0);
        CHECK(is_users(process));
    }
    fs::remove_all(tree.folder("upper/bin"));
    REQUIRE(::chown(tree.folder("opt/game/bin").c_str(), 1000, 1000) == 0);
    CHECK(is_users(run(tree.folder("opt/game"))));
}

TEST_CASE("a program on another file system below an overlay is the same by link and path" *
          doctest::skip(has_no_own_mounts()))
{
    const Tree tree;
    for (const char* name : {"lower", "upper", "work", "merged"})
        fs::create_directories(tree.folder(name));
    const Running process{tree.folder("merged/steam"), [&] {
                              const std::string layers = "lowerdir=" + tree.folder("lower").string() +
                                                         ",upperdir=" + tree.folder("upper").string() +
                                                         ",workdir=" + tree.folder("work").string();
                              return get_own_mounts() &&
                                     ::mount("none", tree.folder("lower").c_str(), "tmpfs", 0, "mode=755") == 0 &&
                                     fs::copy_file(tree.program(), tree.folder("lower/steam")) &&
                                     ::mount("none", tree.folder("merged").c_str(), "overlay", 0, layers.c_str()) == 0;
                          }};
    if (!process.has_started())
        return skip("no overlay can be mounted here");
    CHECK_FALSE(is_users(process));
}

TEST_CASE("a folder that root has mounted elsewhere is judged where it is mounted" * doctest::skip(has_no_own_mounts()))
{
    const Tree tree;
    const Running process{tree.folder("opt/alias/steam"), [&] {
                              return get_own_mounts() && bind(tree.folder("opt/game/bin"), tree.folder("opt/alias"));
                          }};
    CHECK_FALSE(is_users(process));
    REQUIRE(::chown(tree.folder("opt/game/bin").c_str(), 1000, 0) == 0);
    CHECK(is_users(process));
}

TEST_CASE("owners mean nothing in a file system that a user may have brought" * doctest::skip(has_no_own_mounts()))
{
    const Tree tree;
    const auto run = [&](unsigned long flags) {
        return Running{tree.folder("opt/alias/steam"), [&, flags] {
                           return get_own_mounts() &&
                                  ::mount("none", tree.folder("opt/alias").c_str(), "tmpfs", flags, "mode=755") == 0 &&
                                  fs::copy_file(tree.program(), tree.folder("opt/alias/steam"));
                       }};
    };
    CHECK_FALSE(is_users(run(0)));
    CHECK(is_users(run(MS_NOSUID)));
}

TEST_CASE("a second mount of the system's own file system is the system's, whatever it is mounted with" *
          doctest::skip(has_no_own_mounts()))
{
    const Tree tree;
    const fs::path store = tree.folder("opt/game/bin");
    const Running process{tree.program(), [&] {
                              return get_own_mounts() && bind(store, store) &&
                                     ::mount("none", store.c_str(), nullptr,
                                             MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, nullptr) == 0;
                          }};
    CHECK_FALSE(is_users(process));
}

TEST_CASE("a trusted file that is mounted under another name is not trusted" * doctest::skip(has_no_own_mounts()))
{
    const Tree tree;
    const fs::path name = tree.folder("opt/alias/other");
    fs::copy_file(tree.program(), name);
    const Running process{name, [&] { return get_own_mounts() && bind(tree.program(), name); }};
    CHECK(is_users(process));
}

TEST_CASE("a user's own mounts make no path trusted" * doctest::skip(users_have_no_namespaces()))
{
    const Tree tree;
    const Running process{tree.folder("opt/alias/steam"), [&] {
                              return get_users_mounts() && bind(tree.folder("opt/game/bin"), tree.folder("opt/alias"));
                          }};
    CHECK(is_users(process));
}

TEST_CASE("the system's program stays trusted in a user's namespace" * doctest::skip(users_have_no_namespaces()))
{
    const Tree tree;
    CHECK_FALSE(is_users(Running{tree.program(), get_users_mounts}));
}

}  // namespace priorityd::kernel
