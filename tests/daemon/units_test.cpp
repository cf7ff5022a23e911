// SPDX-License-Identifier: GPL-3.0-or-later
/// The managers of units without a bus, and in a dry run.
#include "daemon/units.hpp"

#include <fcntl.h>

#include <doctest/doctest.h>

#include "kernel/temporary_folder.hpp"

using namespace priorityd;
using namespace priorityd::daemon;
using kernel::TemporaryFolder;

namespace {

const Unit kService{{}, "db.service", "/system.slice/db.service"};
const Unit kScope{Uid{1000}, "app.scope", "/user.slice/user-1000.slice/user@1000.service/app.slice/app.scope"};

struct House {
    [[nodiscard]] static std::optional<Error> write_error(UnitManagers& managers, const Unit& unit)
    {
        std::optional<Error> error;
        managers.write(unit, {CpuWeight::make(50), {}}, [&](const Result<void>& answer) { error = answer.error(); });
        return error;
    }

    TemporaryFolder top;
    Log log{Log::Level::error};
    Result<State> state = State::open(top.path(), Keep::everything, log);
    Units units{kernel::UniqueFd{::open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC)}, *state};
};

}  // namespace

TEST_CASE_FIXTURE(House, "without a bus no unit can be reached, and none is on the list for that")
{
    for (const Unit& unit : {kService, kScope}) {
        CHECK(write_error(units, unit)->code == ENOTCONN);
        std::optional<Error> error;
        units.read(unit, [&](const Result<Weights>& answer) { error = answer.error(); });
        CHECK(error->doing == "there is no bus to ask systemd on");
        units.split(unit, {Pid{1}}, "x.scope", [&](const Result<void>& answer) { error = answer.error(); });
        CHECK(error->code == ENOTCONN);
    }
    CHECK_FALSE(std::filesystem::exists(top.path() / "units"));
}

TEST_CASE_FIXTURE(House, "a dry run looks at units and sets nothing")
{
    DryRunUnits dry{units};
    CHECK(write_error(dry, kService)->code == ECANCELED);
    CHECK(write_error(dry, kScope)->doing == "cpu_weight 50");
    std::optional<Error> error;
    dry.split(kScope, {Pid{1}}, "x.scope", [&](const Result<void>& answer) { error = answer.error(); });
    CHECK(error->code == ECANCELED);
    CHECK(dry.processes_in({{}, "none.service", "/no/such.service"}).empty());
    CHECK_FALSE(std::filesystem::exists(top.path() / "units"));
}
