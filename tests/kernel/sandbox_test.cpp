// SPDX-License-Identifier: GPL-3.0-or-later
/// As a sandboxed service has it: not root, a few capabilities, and a /proc that hides what is not the user's own.
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <initializer_list>
#include <string>

#include <doctest/doctest.h>

#include "in_child.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/procfs.hpp"
#include "skip.hpp"
#include "support/child.hpp"

namespace priorityd::kernel {

namespace {

/// In a child: as ProtectProc=invisible has it.
bool hide_others()
{
    return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("proc", "/proc", "proc", 0, "hidepid=invisible") == 0;
}

/// In a child that is root: nobody, and these in force.
bool become_nobody_with(std::initializer_list<Capability> capabilities)
{
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    for (const auto capability : capabilities) {
        const auto number = static_cast<unsigned>(capability);
        sets.at(number / 32).effective |= 1U << (number % 32);
    }
    for (auto& set : sets)
        set.permitted = set.effective;
    return ::prctl(PR_SET_KEEPCAPS, 1) == 0 && become_nobody() && ::syscall(SYS_capset, &header, sets.data()) == 0;
}

}  // namespace

TEST_CASE("what is hidden from the daemon's user is not from its capabilities" * doctest::skip(::geteuid() != 0))
{
    const test::Child child;
    const auto seen = in_child([&]() -> std::string {
        if (!hide_others())
            return "cannot hide";
        if (!become_nobody_with({Capability::sys_ptrace, Capability::sys_nice}))
            return "cannot become nobody";
        auto source = Procfs::open().value();
        const auto handle = source.open(child.pid());
        if (!handle)
            return handle.error().message();
        const auto slack = (*handle)->actual(Setting::timer_slack);
        Snapshot process;
        const auto facts = (*handle)->read(Fact::exe | Fact::stat, process);
        if (!slack || !facts)
            return (slack ? facts.error() : slack.error()).message();
        return process.exe.empty() ? "no path" : "sees all";
    });
    if (seen == "cannot hide")
        return skip("no /proc can be mounted here");
    CHECK(seen == "sees all");
}

}  // namespace priorityd::kernel
