// SPDX-License-Identifier: GPL-3.0-or-later
/// Timers in made-up folders of units.
#include "kernel/timers.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::kernel;

namespace {

using Services = std::set<std::string, std::less<>>;

TimedServices services_in(const TemporaryFolder& folder)
{
    const auto path = [&](const char* name) { return (folder.path() / name).string(); };
    return read_timers({.system = {path("etc"), path("usr")}, .user = {path("user"), path("nonexistent")}});
}

}  // namespace

TEST_CASE("a timer starts the service of its name, unless it says another")
{
    CHECK(service_of_timer("a.timer", "") == "a.service");
    CHECK(service_of_timer("a.timer", "[Timer]\nOnCalendar=daily\n") == "a.service");
    CHECK(service_of_timer("a.timer", "[Timer]\r\n Unit = b.service \r\n") == "b.service");
    CHECK(service_of_timer("a.timer", "[Unit]\nUnit=b.service\n[Timer]\nUnit=c.service\nUnit=d.service") ==
          "d.service");
    CHECK(service_of_timer("a@.timer", "") == "a@.service");
    CHECK(service_of_timer("a@.timer", "[Timer]\nUnit=b@%i.service\n") == "b@.service");
}

TEST_CASE("what no service can be called is none")
{
    CHECK(service_of_timer("a.service", "").empty());
    CHECK(service_of_timer(".timer", "").empty());
    CHECK(service_of_timer("a.timer", "[Timer]\nUnit=b.target\n").empty());
    CHECK(service_of_timer("a.timer", "[Timer]\nUnit=%p.service\n").empty());
    CHECK(service_of_timer("a.timer", "[Timer]\nUnit=../b.service\n").empty());
    CHECK(service_of_timer("a b.timer", "").empty());
    CHECK(service_of_timer("a.timer", std::string{"\0\xff\n[Timer\n]=\n==", 14}) == "a.service");
}

TEST_CASE("timers of all folders count; one of a higher folder replaces the one below, a mask too")
{
    const TemporaryFolder folder;
    folder.write("usr/a.timer", "[Timer]\nUnit=wrong.service\n");
    folder.write("usr/b.timer", "");
    folder.write("usr/c.timer", "");
    folder.write("usr/d.service", "");
    folder.write("etc/a.timer", "");
    std::filesystem::create_symlink("/dev/null", folder.path() / "etc/b.timer");
    folder.write("user/e.timer", "");
    const auto services = services_in(folder);
    CHECK(services.system == Services{"a.service", "c.service"});
    CHECK(services.user == Services{"e.service"});
}

TEST_CASE("what only looks like a timer is passed over")
{
    const TemporaryFolder folder;
    folder.write("usr/good.timer", "");
    folder.write("usr/huge.timer", "");
    std::filesystem::resize_file(folder.path() / "usr/huge.timer", 100'000'000);
    std::filesystem::create_directories(folder.path() / "usr/folder.timer");
    std::filesystem::create_symlink("/nonexistent", folder.path() / "usr/dangling.timer");
    REQUIRE(::mkfifo((folder.path() / "usr/pipe.timer").c_str(), 0600) == 0);
    CHECK(services_in(folder).system == Services{"good.service"});
}
