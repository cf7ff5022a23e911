// SPDX-License-Identifier: GPL-3.0-or-later
/// Whether an opened GPU is noticed, in a folder of device files of the test's own.
#include "daemon/machine_watch.hpp"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "kernel/temporary_folder.hpp"

namespace priorityd::daemon {
namespace {

void open_once(const std::filesystem::path& file)
{
    REQUIRE(std::ifstream{file});
}

}  // namespace

TEST_CASE("opened GPUs are noticed, and nothing else")
{
    const kernel::TemporaryFolder devices;
    for (const char* name : {"dri/renderD128", "kfd", "nvidia0", "nvidiactl", "null"})
        devices.write(name, "");
    auto watch = GpuWatch::open(devices.path());
    REQUIRE(watch);
    for (const char* name : {"dri/renderD128", "kfd", "nvidia0"}) {
        open_once(devices.path() / name);
        CHECK_MESSAGE(watch->was_opened(), name);
        CHECK_FALSE(watch->was_opened());
    }
    open_once(devices.path() / "null");
    open_once(devices.path() / "nvidiactl");
    CHECK_FALSE(watch->was_opened());
    for (const auto& entry : std::filesystem::directory_iterator{devices.path() / "dri"})
        CHECK(entry.exists());
    CHECK_FALSE(watch->was_opened());  // to list them is not to open one
}

TEST_CASE("GPUs that come later are noticed too")
{
    const kernel::TemporaryFolder devices;
    auto watch = GpuWatch::open(devices.path());
    REQUIRE(watch);
    devices.write("nvidia3", "");
    std::filesystem::create_directory(devices.path() / "dri");
    CHECK_FALSE(watch->was_opened());
    for (const char* name : {"nvidia3", "dri/renderD128"}) {
        devices.write(name, "");  // for what is in dri, to make it is to open it
        open_once(devices.path() / name);
        CHECK_MESSAGE(watch->was_opened(), name);
    }
}

TEST_CASE("without GPUs, and without the folder, there is nothing to notice")
{
    const kernel::TemporaryFolder devices;
    auto watch = GpuWatch::open(devices.path() / "missing");
    REQUIRE(watch);
    CHECK_FALSE(watch->was_opened());
}

}  // namespace priorityd::daemon
