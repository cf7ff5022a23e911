// SPDX-License-Identifier: GPL-3.0-or-later
/// Which knobs are found to be live, on this kernel and on described machines.
#include "kernel/knobs.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "core/setting.hpp"
#include "in_child.hpp"
#include "kernel/cgroup.hpp"
#include "kernel/sched.hpp"
#include "kernel/unique_fd.hpp"
#include "support/fake_proc.hpp"

namespace priorityd::kernel {

namespace {

using test::FakeProc;

std::string state_of(const FakeProc& tree, const char* knob)
{
    return probe_knobs({.proc = tree.proc(), .sys = tree.sys()}).at(knob).to_text();
}

void add_disk(FakeProc& tree, const std::string& name, const std::string& schedulers)
{
    tree.write("sys/block/" + name + "/device/model", "");
    tree.write("sys/block/" + name + "/queue/scheduler", schedulers + "\n");
}

/// The state of a knob as a process without capabilities sees it.
std::string as_nobody(const char* knob)
{
    return in_child([&] { return become_nobody() ? probe_knobs().at(knob).to_text() : "still root"; });
}

bool is_not_root()
{
    return ::geteuid() != 0;
}

}  // namespace

TEST_CASE("every setting that is written somewhere has a knob, and so has the autogroup")
{
    const Knobs knobs = probe_knobs();
    for (const auto& setting : setting_table()) {
        const bool is_written = setting.setting != Setting::program_class && setting.setting != Setting::children;
        CHECK(knobs.contains(setting.name) == is_written);
    }
    CHECK(knobs.contains("autogroup"));
    CHECK(knobs.size() == kSettingCount - 1);
}

TEST_CASE("a knob that is not live says why")
{
    for (const auto& [name, state] : probe_knobs())
        CHECK((state.is_live || !state.why.empty()));
}

TEST_CASE("probing changes nothing of the thread that probes")
{
    const auto attributes = attributes_of(Tid{0}).value();
    const auto io = io_priority_of(Tid{0}).value();
    static_cast<void>(probe_knobs());
    CHECK(attributes_of(Tid{0}).value() == attributes);
    CHECK(io_priority_of(Tid{0}).value() == io);
}

TEST_CASE("an I/O priority is live where a disk heeds it, and it is said which do not")
{
    FakeProc tree;
    CHECK(state_of(tree, "io") == "not live: no block device uses BFQ or mq-deadline");
    add_disk(tree, "sdb", "[none] mq-deadline kyber bfq");
    add_disk(tree, "sdc", "none mq-deadline [kyber] bfq");
    CHECK(state_of(tree, "io") == "not live: no block device uses BFQ or mq-deadline (sdb: none, sdc: kyber)");
    add_disk(tree, "sda", "none mq-deadline kyber [bfq]");
    CHECK(state_of(tree, "io") == "live (heeded by sda: bfq, ignored by sdb: none, sdc: kyber)");
}

TEST_CASE("devices without hardware of their own do not count as disks")
{
    FakeProc tree;
    tree.write("sys/block/loop0/queue/scheduler", "none [mq-deadline] kyber bfq\n");
    CHECK(state_of(tree, "io") == "not live: no block device uses BFQ or mq-deadline");
    add_disk(tree, "sda", "[mq-deadline] none");
    CHECK(state_of(tree, "io") == "live (heeded by sda: mq-deadline)");
}

TEST_CASE("a disk that tells no scheduler has none")
{
    FakeProc tree;
    add_disk(tree, "pmem0", "none");
    add_disk(tree, "sda", "]broken[");
    CHECK(state_of(tree, "io") == "not live: no block device uses BFQ or mq-deadline (pmem0: none, sda: none)");
}

TEST_CASE("autogroups are live by their sysctl, within what cgroups leave to them")
{
    FakeProc tree;
    CHECK(state_of(tree, "autogroup") == "not live: this kernel has no autogroups");
    tree.write("proc/sys/kernel/sched_autogroup_enabled", "0\n");
    CHECK(state_of(tree, "autogroup") == "not live: autogroups are switched off (kernel.sched_autogroup_enabled = 0)");
    tree.write("proc/sys/kernel/sched_autogroup_enabled", "1\n");
    CHECK(state_of(tree, "autogroup") == "live");
    tree.write("sys/fs/cgroup/cgroup.subtree_control", "cpuset io memory\n");
    CHECK(state_of(tree, "autogroup") == "live");
    tree.write("sys/fs/cgroup/cgroup.subtree_control", "cpuset cpu io memory\n");
    CHECK(state_of(tree, "autogroup") == "live (outside of cgroups that share out CPU time)");
}

TEST_CASE("weights for I/O are live where a device shares out by them")
{
    FakeProc tree;
    tree.write("sys/fs/cgroup/cgroup.controllers", "cpu io\n");
    add_disk(tree, "sda", "[mq-deadline] none bfq");
    tree.write("sys/block/sda/dev", "8:0\n");
    CHECK(state_of(tree, "io_weight") == "not live: no block device uses BFQ or io.cost (sda: mq-deadline)");
    tree.write("sys/fs/cgroup/io.cost.qos", "8:16 enable=1 ctrl=auto\n8:0 enable=0 ctrl=auto\n");
    CHECK(state_of(tree, "io_weight") == "not live: no block device uses BFQ or io.cost (sda: mq-deadline)");
    tree.write("sys/fs/cgroup/io.cost.qos", "8:16 enable=1 ctrl=auto\n8:0 enable=1 ctrl=auto\n");
    add_disk(tree, "sdb", "[none]");
    CHECK(state_of(tree, "io_weight") == "live (heeded by sda: mq-deadline, io.cost, ignored by sdb: none)");
    add_disk(tree, "sdb", "none [bfq]");
    CHECK(state_of(tree, "io_weight") == "live (heeded by sda: mq-deadline, io.cost, sdb: bfq)");
}

TEST_CASE("files that are missing make their knobs not live")
{
    const FakeProc tree;
    CHECK(state_of(tree, "oom_score_adj") == "not live: there is no /proc/PID/oom_score_adj");
    CHECK(state_of(tree, "timer_slack") == "not live: there is no /proc/PID/timerslack_ns");
}

TEST_CASE("weights need control groups of version 2 with their controller")
{
    FakeProc tree;
    CHECK(state_of(tree, "cpu_weight") == "not live: there is no cgroup v2 with the controller cpu");
    tree.write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory pids\n");
    CHECK(state_of(tree, "cpu_weight") == "live");
    CHECK(state_of(tree, "io_weight") == "not live: there is no cgroup v2 with the controller io");
}

TEST_CASE("all processes in a cgroup and below it are found")
{
    FakeProc tree;
    tree.write("sys/fs/cgroup/system.slice/a.service/cgroup.procs", "12\n345\n");
    tree.write("sys/fs/cgroup/system.slice/a.service/below/cgroup.procs", "6\n0\n");
    tree.write("sys/fs/cgroup/system.slice/b.service/cgroup.procs", "7\n");
    const UniqueFd sys{::open(tree.sys().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    auto pids = processes_in_cgroup(sys.get(), "/system.slice/a.service");
    std::ranges::sort(pids);
    CHECK(pids == std::vector{Pid{6}, Pid{12}, Pid{345}});
    CHECK(processes_in_cgroup(sys.get(), "/system.slice/gone.service").empty());
    CHECK(processes_in_cgroup(sys.get(), "/../system.slice/b.service").empty());
}

TEST_CASE("a missing capability is named with what it costs" * doctest::skip(is_not_root()))
{
    CHECK(as_nobody("nice").starts_with(
        "live (lowering only, and only processes of the own user: CAP_SYS_NICE is missing"));
    CHECK(as_nobody("sched") == "live (no fifo and rr, and only processes of the own user: CAP_SYS_NICE is missing)");
    CHECK(as_nobody("cpus") == "live (only processes of the own user: CAP_SYS_NICE is missing)");
    CHECK(as_nobody("timer_slack") == "not live: CAP_SYS_NICE is missing");
    CHECK(as_nobody("oom_score_adj").find("CAP_SYS_RESOURCE is missing") != std::string::npos);
}

}  // namespace priorityd::kernel
