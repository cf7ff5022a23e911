// SPDX-License-Identifier: GPL-3.0-or-later
/// Units, slices and containers as cgroup paths tell them.
#include "core/cgroup_path.hpp"

#include <doctest/doctest.h>

using namespace priorityd;

TEST_CASE("the innermost unit and slice are the process's own")
{
    const auto* app = "/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.mozilla.firefox-42.scope";
    CHECK(unit_of(app) == "app-org.mozilla.firefox-42.scope");
    CHECK(slice_of(app) == "app.slice");
    CHECK(unit_of("/system.slice/mysql.service/worker") == "mysql.service");
    CHECK(unit_of("/init.scope") == "init.scope");
    CHECK(slice_of("/init.scope") == "-.slice");
    CHECK(unit_of("/").empty());
    CHECK(slice_of("/").empty());
    CHECK(unit_of("").empty());
}

TEST_CASE("containers are told with their engine")
{
    CHECK(container_of("/system.slice/docker-0123abc.scope") == "docker/0123abc");
    CHECK(container_of("/machine.slice/libpod-77ff.scope/container") == "podman/77ff");
    CHECK(container_of("/kubepods.slice/kubepods-pod1.slice/cri-containerd-aa.scope") == "containerd/aa");
    CHECK(container_of("/docker/deadbeef/init") == "docker/deadbeef");
    CHECK(container_of("/lxc.payload.web") == "lxc/web");
    CHECK(container_of("/system.slice/docker.service").empty());
    CHECK(container_of("/system.slice/docker-.scope").empty());
}

TEST_CASE("a slice lies where the dashes of its name say")
{
    CHECK(slice_unit("system.slice") == Unit{{}, "system.slice", "/system.slice"});
    CHECK(slice_unit("user-1000.slice").cgroup == "/user.slice/user-1000.slice");
    CHECK(slice_unit("a-b-c.slice").cgroup == "/a.slice/a-b.slice/a-b-c.slice");
}

TEST_CASE("names of units are told from what only looks like one")
{
    for (const char* name : {"system.slice", "user-1000.slice", "machine.slice"})
        CHECK_MESSAGE(is_slice_name(name), name);
    for (const char* name : {"", ".slice", "-.slice", "a--b.slice", "-a.slice", "a-.slice", "system", "a b.slice",
                             "a/b.slice", "x.service"})
        CHECK_FALSE_MESSAGE(is_slice_name(name), name);
    for (const char* name : {"db.service", "session-3.scope", "a.socket", "app-org.x\\x2dy@1:2.service"})
        CHECK_MESSAGE(is_leaf_unit_name(name), name);
    for (const char* name :
         {"", ".service", "init.scope", "system.slice", "a.mount", "../a.service", "a/b.scope", "a\nb.scope"})
        CHECK_FALSE_MESSAGE(is_leaf_unit_name(name), name);
    CHECK_FALSE(is_leaf_unit_name(std::string(250, 'a') + ".service"));
}
