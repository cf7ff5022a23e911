// SPDX-License-Identifier: GPL-3.0-or-later
/// The values that nobody has set, compared with those of a child that has just been born.
#include "kernel/untouched.hpp"

#include <unistd.h>

#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "kernel/procfs.hpp"
#include "skip.hpp"
#include "support/child.hpp"

namespace priorityd::kernel {

namespace {

using namespace std::chrono_literals;

Result<Value> value_of(Pid pid, Setting setting)
{
    auto source = Procfs::open().value();
    return source.open(pid).value()->actual(setting);
}

/// The test may have been started with a value of somebody's, which its children then have as well.
bool is_touched(Setting setting, const Value& untouched)
{
    const auto own = value_of(Pid{::getpid()}, setting);
    return own && *own != untouched;
}

}  // namespace

TEST_CASE("a new process has the values that nobody has set")
{
    const test::Child child;
    for (const auto& entry : untouched_values()) {
        const std::string name{info(entry.first).name};
        CAPTURE(name);
        if (is_touched(entry.first, entry.second)) {
            skip(name + " of the test itself was set by somebody");
            continue;
        }
        const auto value = value_of(child.pid(), entry.first);
        if (value)
            CHECK(to_text(*value) == to_text(entry.second));
        else
            CHECK(value.error().code == EOPNOTSUPP);
    }
}

TEST_CASE("all that a process has of its own is among them, but for the CPUs")
{
    const test::Child child;
    const SettingMap untouched = untouched_values();
    for (const SettingInfo& row : setting_table()) {
        CAPTURE(row.name);
        if (value_of(child.pid(), row.setting))
            CHECK(untouched.contains(row.setting) == (row.setting != Setting::cpus));
    }
}

TEST_CASE("the slice is the kernel's own, and left out where there are none")
{
    CHECK_FALSE(untouched_values(0ns).contains(Setting::slice));
    const SettingMap values = untouched_values(2'800'000ns);
    const auto* slice = find_value<Slice>(values, Setting::slice);
    REQUIRE(slice);
    CHECK(slice->length == 2800us);
    if (takes_custom_slices())
        CHECK(untouched_values().contains(Setting::slice));
    else
        CHECK_FALSE(untouched_values().contains(Setting::slice));
}

}  // namespace priorityd::kernel
