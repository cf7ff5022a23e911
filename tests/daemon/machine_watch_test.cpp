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

TEST_CASE("opened GPUs are noticed, and nothing else, as long as somebody wants to know")
{
    const kernel::TemporaryFolder devices;
    for (const char* name : {"dri/renderD128", "kfd", "nvidia0", "nvidiactl", "null"})
        devices.write(name, "");
    auto watch = GpuWatch::open(devices.path());
    REQUIRE(watch);
    open_once(devices.path() / "kfd");
    CHECK_FALSE(watch->was_opened());
    watch->enable(true);
    for (const char* name : {"dri/renderD128", "kfd", "nvidia0"}) {
        open_once(devices.path() / name);
        CHECK_MESSAGE(watch->was_opened(), name);
        CHECK_FALSE(watch->was_opened());
    }
    open_once(devices.path() / "null");
    open_once(devices.path() / "nvidiactl");
    CHECK_FALSE(watch->was_opened());
    devices.write("dri/renderD129", "");  // one that has come since; to make it is to open it
    CHECK(watch->was_opened());
    watch->enable(false);
    open_once(devices.path() / "nvidia0");
    (void)watch->was_opened();  // the kernel tells that the watches have ended
    open_once(devices.path() / "nvidia0");
    CHECK_FALSE(watch->was_opened());
}

TEST_CASE("without GPUs, and without the folder, there is nothing to notice")
{
    const kernel::TemporaryFolder devices;
    auto watch = GpuWatch::open(devices.path() / "missing");
    REQUIRE(watch);
    watch->enable(true);
    CHECK_FALSE(watch->was_opened());
}

}  // namespace priorityd::daemon
