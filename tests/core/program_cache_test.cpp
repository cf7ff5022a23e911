// SPDX-License-Identifier: GPL-3.0-or-later
/// Which program is asked about for a process, by its file and by its application.
#include "core/scoring/program_cache.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace priorityd;

TEST_CASE("the same file is looked up once for each application whose file it is, and once for nobody")
{
    Snapshot process;
    process.names = {"x"};
    process.file_id = {.device = 1, .inode = 2, .changed = 3};
    const auto app_of = [&](const char* exe, const char* unit) -> std::string {
        process.exe = exe;
        process.cgroup = std::string{"/user.slice/user-1.slice/user@1.service/app.slice/"} + unit;
        const auto program = program_of(process);
        return program ? "known by " + program->app.id : "unknown";
    };
    CHECK(app_of("/app/x", "app-flatpak-org.x.Y-1.scope") == "known by org.x.Y");
    CHECK(app_of("/app/x", "app-org.x.Y-1.scope") == "unknown");
    CHECK(app_of("/app/x", "docker-0123.scope") == "unknown");
    CHECK(app_of("/usr/bin/x", "app-flatpak-org.x.Y-1.scope") == "known by ");
    CHECK(app_of("/usr/bin/x", "app-org.x.Y-1.scope") == "known by ");
    CHECK(app_of("/usr/lib/y/x", "app-org.x.Y-1.scope") == "known by org.x.Y");
    CHECK(app_of("/usr/lib/y/x", "session-1.scope") == "known by ");
    CHECK(app_of("/home/a/x", "app-org.x.Y-1.scope") == "unknown");
    process.names = {"script"};
    CHECK(app_of("/app/x", "app-flatpak-org.x.Y-1.scope") == "unknown");

    ProgramCache cache;
    const ProgramFile one{"/usr/lib/x", process.file_id, {App::Kind::desktop, "a"}};
    auto other = one;
    other.app.id = "b";
    CHECK(cache.find(one, Pid{1}) == nullptr);
    CHECK(cache.find(other, Pid{2}) == nullptr);
    CHECK(cache.take_wanted() == std::vector{one, other});
    CHECK(cache.learn(one, {}) == std::vector{Pid{1}});
    CHECK(cache.find(one, Pid{3}) != nullptr);
    CHECK(cache.find(other, Pid{3}) == nullptr);
}
