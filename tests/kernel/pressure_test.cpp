// SPDX-License-Identifier: GPL-3.0-or-later
/// Texts of /proc/pressure.
#include "kernel/pressure.hpp"

#include <fcntl.h>

#include <array>
#include <string_view>

#include <doctest/doctest.h>

#include "kernel/small_file.hpp"
#include "kernel/unique_fd.hpp"
#include "skip.hpp"
#include "temporary_folder.hpp"

namespace priorityd::kernel {

using std::chrono::microseconds;

namespace {

constexpr std::string_view kText =
    "some avg10=2.17 avg60=0.39 avg300=0.13 total=3882209\n"
    "full avg10=1.00 avg60=100.00 avg300=0.12 total=3697125\n";

UniqueFd open_folder(const TemporaryFolder& folder)
{
    return UniqueFd{::open(folder.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

}  // namespace

TEST_CASE("both lines of pressure are read")
{
    const auto pressure = parse_pressure(kText);
    REQUIRE(pressure);
    CHECK(pressure->some == Stall{2.17, 0.39, 0.13, microseconds{3882209}});
    CHECK(pressure->full == Stall{1.0, 100.0, 0.12, microseconds{3697125}});
}

TEST_CASE("a kernel without the full line of CPU pressure is understood")
{
    const auto pressure = parse_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
    REQUIRE(pressure);
    CHECK(pressure->some == Stall{});
    CHECK_FALSE(pressure->full);
}

TEST_CASE("what is not pressure is refused")
{
    for (const std::string_view text : {
             "",
             "\n",
             "some",
             "some \n",
             "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
             "some avg10=0.00 avg60=0.00 avg300=0.00\n",
             "some avg10=0.00 avg60=0.00 avg300=0.00 total=\n",
             "some avg10=-1.00 avg60=0.00 avg300=0.00 total=0\n",
             "some avg10=nan avg60=0.00 avg300=0.00 total=0\n",
             "some avg10=inf avg60=0.00 avg300=0.00 total=0\n",
             "some avg10=101 avg60=0.00 avg300=0.00 total=0\n",
             "some avg10=0,00 avg60=0.00 avg300=0.00 total=0\n",
             "some avg60=0.00 avg10=0.00 avg300=0.00 total=0\n",
             "some avg10=0.00 avg60=0.00 avg300=0.00 total=-1\n",
             "some avg10=0.00 avg60=0.00 avg300=0.00 total=99999999999999999999\n",
             "some avg10=0.00 avg60=0.00 avg300=0.00 total=0x\n",
             "SOME avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
             "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nsome avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
         }) {
        CAPTURE(text);
        CHECK_FALSE(parse_pressure(text));
    }
}

TEST_CASE("each kind of pressure is read from its own file")
{
    const TemporaryFolder proc;
    proc.write("pressure/cpu", "some avg10=1.00 avg60=0.00 avg300=0.00 total=0\n");
    proc.write("pressure/io", "some avg10=2.00 avg60=0.00 avg300=0.00 total=0\n");
    proc.write("pressure/memory", kText);
    const UniqueFd root = open_folder(proc);
    CHECK(read_pressure(root.get(), PressureKind::cpu)->some.avg10 == 1.0);
    CHECK(read_pressure(root.get(), PressureKind::io)->some.avg10 == 2.0);
    CHECK(read_pressure(root.get(), PressureKind::memory)->full.has_value());
}

TEST_CASE("a kernel with pressure switched off says how to switch it on")
{
    const TemporaryFolder proc;
    const UniqueFd root = open_folder(proc);
    const auto pressure = read_pressure(root.get(), PressureKind::cpu);
    REQUIRE_FALSE(pressure);
    CHECK(pressure.error().code == EOPNOTSUPP);
    CHECK(pressure.error().doing.find("psi=1") != std::string::npos);
}

TEST_CASE("a garbled pressure file is an error")
{
    const TemporaryFolder proc;
    proc.write("pressure/cpu", "??");
    const UniqueFd root = open_folder(proc);
    const auto pressure = read_pressure(root.get(), PressureKind::cpu);
    REQUIRE_FALSE(pressure);
    CHECK(pressure.error().code == EBADMSG);
}

TEST_CASE("a trigger is asked for in the kernel's words, and a kernel without pressure says so")
{
    const TemporaryFolder proc;
    proc.write("pressure/cpu", "");
    const UniqueFd root = open_folder(proc);
    using namespace std::chrono_literals;
    CHECK(open_pressure_trigger(root.get(), PressureKind::cpu, {.stalled = 40ms, .window = 2s}));
    std::array<char, 64> text{};
    CHECK(*read_small_file(root.get(), "pressure/cpu", text) == std::string_view{"some 40000 2000000\0", 19});
    CHECK(open_pressure_trigger(root.get(), PressureKind::io, {.stalled = 40ms, .window = 2s}).error().code ==
          EOPNOTSUPP);
}

TEST_CASE("this kernel takes a trigger of two seconds from anybody who may write there")
{
    const UniqueFd proc{::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    using namespace std::chrono_literals;
    const auto trigger = open_pressure_trigger(proc.get(), PressureKind::cpu, {.stalled = 40ms, .window = 2s});
    if (!trigger && (trigger.error().code == EOPNOTSUPP || trigger.error().code == EACCES))
        return skip(trigger.error().message());
    CHECK(trigger);
}

TEST_CASE("the run-queue delay of all CPUs is added up")
{
    using namespace std::chrono_literals;
    constexpr const char* kSchedstat =
        "version 17\ntimestamp 4295\ncpu0 0 0 0 0 0 0 100 7 9\ndomain0 MC 3 1 2 3\ncpu1 0 0 0 0 0 0 100 5 9\n";
    CHECK(parse_run_delay(kSchedstat) == 12ns);
    for (const char* none :
         {"", "version 17\n", "cpu0 1 2 3\n", "cpu0 0 0 0 0 0 0 1 x 9\n", "cpu0 0 0 0 0 0 0 1 -1 9\n"})
        CHECK_FALSE(parse_run_delay(none));
}

}  // namespace priorityd::kernel
