// SPDX-License-Identifier: GPL-3.0-or-later
/// The program with the focus: what belongs to it, and when nothing does any more.
#include "core/foreground.hpp"

#include <doctest/doctest.h>

#include "support/fake_world.hpp"

using namespace priorityd;

namespace {

constexpr const char* kAppUnit = "/user.slice/user-1000.slice/user@1000.service/app.slice/app-editor-7.scope";

ProcessKey key_of(int pid, std::uint64_t start = 1)
{
    return {.pid = Pid{pid}, .start_ticks = start};
}

/// An editor, 10, that has started a compiler, 12, through a shell; a stranger, 20; a helper in the editor's unit, 30.
struct Desktop {
    test::FakeKernel kernel;
    Foreground foreground{kernel};

    Desktop()
    {
        kernel.add({.pid = 1, .comm = "init", .parent = 0});
        kernel.add({.pid = 10, .comm = "editor", .uid = 1000, .cgroup = kAppUnit});
        kernel.add({.pid = 11, .comm = "sh", .parent = 10, .uid = 1000});
        kernel.add({.pid = 12, .comm = "cc1plus", .parent = 11, .uid = 1000});
        kernel.add({.pid = 20, .comm = "stranger", .uid = 1001});
        kernel.add({.pid = 30, .comm = "helper", .uid = 1000, .cgroup = kAppUnit});
    }
};

}  // namespace

TEST_CASE("what the program with the focus has started, and its application's unit, belong to it")
{
    Desktop desktop;
    CHECK_FALSE(desktop.foreground.contains(key_of(10)));
    desktop.foreground.set(key_of(10));
    for (const int pid : {10, 11, 12, 30})
        CHECK(desktop.foreground.contains(key_of(pid)));
    CHECK_FALSE(desktop.foreground.contains(key_of(20)));
    CHECK_FALSE(desktop.foreground.contains(key_of(1)));
    CHECK_FALSE(desktop.foreground.contains(key_of(12, 2)));  // an earlier or later one with that pid
}

TEST_CASE("a unit that is not one application's makes nobody part of it")
{
    Desktop desktop;
    for (const int pid : {10, 30})
        desktop.kernel.at(pid).cgroup = "/user.slice/user-1000.slice/session-2.scope";
    desktop.foreground.set(key_of(10));
    CHECK_FALSE(desktop.foreground.contains(key_of(30)));
}

TEST_CASE("the focus goes when another has it, nobody says so any more, or the process ends")
{
    Desktop desktop;
    desktop.foreground.set(key_of(10));
    CHECK(desktop.foreground.contains(key_of(12)));
    desktop.foreground.set(key_of(20));
    CHECK_FALSE(desktop.foreground.contains(key_of(12)));
    CHECK(desktop.foreground.contains(key_of(20)));
    CHECK(desktop.foreground.process() == key_of(20));
    desktop.kernel.kill(20);
    CHECK_FALSE(desktop.foreground.process());
    desktop.kernel.add({.pid = 20, .comm = "another", .start_ticks = 9});
    CHECK_FALSE(desktop.foreground.process());
    desktop.foreground.set(std::nullopt);
    CHECK_FALSE(desktop.foreground.contains(key_of(10)));
}

TEST_CASE("processes that are each other's parents end the search")
{
    Desktop desktop;
    desktop.kernel.at(11).parent = 12;
    desktop.foreground.set(key_of(10));
    CHECK_FALSE(desktop.foreground.contains(key_of(12)));
}
