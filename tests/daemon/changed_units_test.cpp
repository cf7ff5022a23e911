// SPDX-License-Identifier: GPL-3.0-or-later
/// The list of units that a crash would leave changed.
#include "daemon/changed_units.hpp"

#include <fstream>

#include <doctest/doctest.h>

#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using kernel::TemporaryFolder;

namespace {

const Unit kService{{}, "db.service", "/system.slice/db.service"};
const Unit kScope{Uid{1000}, "app-x\\x2d1.scope",
                  "/user.slice/user-1000.slice/user@1000.service/a b/app-x\\x2d1.scope"};

ChangedUnits units_in(const TemporaryFolder& top)
{
    auto units = ChangedUnits::open(top.path());
    REQUIRE(units);
    return *std::move(units);
}

}  // namespace

TEST_CASE("the next start finds the units that were changed and not taken back")
{
    const TemporaryFolder top;
    {
        auto units = units_in(top);
        CHECK(units.add(kService));
        CHECK(units.add(kScope));
        CHECK(units.add(Unit{{}, "gone.service", "/system.slice/gone.service"}));
        CHECK(units.remove(Unit{{}, "gone.service", "/system.slice/gone.service"}));
    }
    auto units = units_in(top);
    CHECK(units.take_left() == std::vector{kService, kScope});
    CHECK(units.take_left().empty());
}

TEST_CASE("what was found stays on the list until it is taken back, and then there is no file")
{
    const TemporaryFolder top;
    CHECK(units_in(top).add(kService));
    CHECK(units_in(top).take_left() == std::vector{kService});
    auto units = units_in(top);
    CHECK(units.remove(kService));
    CHECK_FALSE(std::filesystem::exists(top.path() / "units"));
    CHECK(units_in(top).take_left().empty());
}

TEST_CASE("a list of another boot, or what is no list, is nothing to go by")
{
    const TemporaryFolder top;
    for (const char* text : {"priorityd units 1 another-boot\nsystem a.service /a.service\n", "nonsense", "\n\n\xff"}) {
        std::ofstream{top.path() / "units"} << text;
        CHECK(units_in(top).take_left().empty());
    }
}

TEST_CASE("lines that cannot be read are left out")
{
    const TemporaryFolder top;
    CHECK(units_in(top).add(kService));
    std::ofstream{top.path() / "units", std::ios::app} << "user a.service /a\n-1 b.service /b\nsystem c.service\ntorn";
    CHECK(units_in(top).take_left() == std::vector{kService});
}
