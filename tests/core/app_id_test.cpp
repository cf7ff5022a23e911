// SPDX-License-Identifier: GPL-3.0-or-later
/// Applications by the names of their units, well-meant and not.
#include "core/scoring/app_id.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace priorityd;

namespace {

/// "flatpak org.x.Y"; empty for none.
std::string app_in(const std::string& unit)
{
    const auto app = app_of_cgroup("/user.slice/user-1000.slice/user@1000.service/app.slice/" + unit);
    if (app.empty())
        return {};
    switch (app.kind) {
        case App::Kind::flatpak: return "flatpak " + app.id;
        case App::Kind::snap: return "snap " + app.id;
        case App::Kind::desktop: break;
    }
    return "desktop " + app.id;
}

const std::string kUuid = "0f1e2d3c-0000-4a4b-8c8d-0123456789ab";

}  // namespace

TEST_CASE("an application is told by its unit's name, whoever has started it")
{
    CHECK(app_in("app-org.gnome.Foo-1234.scope") == "desktop org.gnome.Foo");
    CHECK(app_in("app-gnome-org.gnome.Foo-1234.scope") == "desktop org.gnome.Foo");
    CHECK(app_in("app-org.kde.foo@0123abcd.service") == "desktop org.kde.foo");
    CHECK(app_in("app-org.kde.foo@autostart.service") == "desktop org.kde.foo");
    CHECK(app_in("app-gnome-foo.service") == "desktop foo");
    CHECK(app_in(R"(app-gnome\x2dshell-foo\x2dbar-1.scope)") == "desktop foo-bar");
    CHECK(app_in("app-org.gnome.Foo.slice/app-org.gnome.Foo-1.scope/inner") == "desktop org.gnome.Foo");
    CHECK(app_in("app-flatpak-org.mozilla.firefox-4242.scope") == "flatpak org.mozilla.firefox");
    CHECK(app_in("app-flatpak-org.x.Some-Thing-4242.scope") == "flatpak org.x.Some-Thing");
    CHECK(app_in("snap.firefox.firefox-" + kUuid + ".scope") == "snap firefox_firefox");
    CHECK(app_in("snap.some-name.app." + kUuid + ".scope") == "snap some-name_app");
    CHECK(app_in(R"(snap.a\x2db.c-)" + kUuid + ".scope") == "snap a-b_c");
    CHECK(app_in("snap.lxd.daemon.service") == "snap lxd_daemon");
}

TEST_CASE("a unit that is called otherwise is of no application")
{
    for (const std::string unit : {"",
                                   "foo.service",
                                   "session-2.scope",
                                   "app.slice",
                                   "app-.scope",
                                   "app-1.scope",
                                   "app-foo.scope",
                                   "app-foo.socket",
                                   "app-.service",
                                   "app-@a.service",
                                   "app-a-b-c.service",
                                   "app-a-b-c-1.scope",
                                   "app-flatpak-.scope",
                                   "app-flatpak--1.scope",
                                   "app-gnome--1.scope",
                                   "snap..service",
                                   "snap.a.service",
                                   "snap.a..service",
                                   "snap..b.service",
                                   "snap.a.hook.configure.service",
                                   "snap.a.b.scope",
                                   "snap.a.b-1234.scope",
                                   "snap.foo.slice"})
        CHECK_MESSAGE(app_in(unit).empty(), unit);
    CHECK(app_in("snap.a.b_" + kUuid + ".scope").empty());
    CHECK(app_in(kUuid + ".scope").empty());
    CHECK(app_in("snap." + kUuid + ".scope").empty());
}

TEST_CASE("no name leads out of a folder of entries, or to anything but a file's name")
{
    for (const std::string unit :
         {R"(app-..\x2f..\x2fetc\x2fpasswd-1.scope)", R"(app-\x2e\x2e-1.scope)", R"(app-a\x2fb-1.scope)",
          R"(app-a\x00b-1.scope)", R"(app-a\x0ab-1.scope)", R"(app-a\x-1.scope)", R"(app-a\x2-1.scope)",
          R"(app-a\-1.scope)", R"(app-a\x2G-1.scope)", R"(app-a\xFF-1.scope)", R"(app-\xc3\xa4-1.scope)",
          R"(app-\x2da-1.scope)", "app-.hidden-1.scope", "app-a b-1.scope", "app-a\nb-1.scope", "app-\xff-1.scope",
          "app-flatpak-..-1.scope", "snap.a/../b.c.service"})
        CHECK_MESSAGE(app_in(unit).empty(), unit);
    CHECK(app_in("app-" + std::string(200, 'a') + "-1.scope") != "");
    CHECK(app_in("app-" + std::string(201, 'a') + "-1.scope").empty());
    CHECK(app_in(std::string(100'000, '-') + ".scope").empty());
}

TEST_CASE("an application's own files are not those of what it starts")
{
    const App flatpak{App::Kind::flatpak, "org.x.Y"};
    CHECK(is_own_file(flatpak, "/app/bin/y"));
    CHECK_FALSE(is_own_file(flatpak, "/usr/bin/gcc"));
    CHECK_FALSE(is_own_file(flatpak, "/home/a/app/y"));
    const App snap{App::Kind::snap, "some-name_app"};
    CHECK(is_own_file(snap, "/snap/some-name/12/bin/x"));
    CHECK(is_own_file(snap, "/var/lib/snapd/snap/some-name/12/bin/x"));
    CHECK_FALSE(is_own_file(snap, "/snap/some-name-else/12/bin/x"));
    CHECK_FALSE(is_own_file(snap, "/snap/core22/1/usr/bin/gcc"));
    const App desktop{App::Kind::desktop, "writer"};
    CHECK(is_own_file(desktop, "/usr/lib/office/program/office.bin"));
    CHECK(is_own_file(desktop, "/opt/x/x"));
    CHECK_FALSE(is_own_file(desktop, "/usr/bin/gcc"));
    CHECK_FALSE(is_own_file(desktop, "/app/bin/y"));
    CHECK_FALSE(is_own_file(desktop, ""));
    CHECK_FALSE(is_own_file({}, "/opt/x/x"));
    CHECK(is_inside_app("/app/x"));
    CHECK(is_inside_app("/snap/a/1/x"));
    CHECK_FALSE(is_inside_app("/usr/bin/x"));
}
