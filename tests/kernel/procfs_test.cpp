// SPDX-License-Identifier: GPL-3.0-or-later
/// Processes read from a tree made for the test, and what only the kernel's own /proc can show.
#include "kernel/procfs.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "in_child.hpp"
#include "kernel/autogroup.hpp"
#include "kernel/sched.hpp"
#include "support/child.hpp"
#include "support/fake_proc.hpp"

namespace priorityd::kernel {

namespace {

using namespace std::chrono_literals;
using test::Child;
using test::FakeProc;

constexpr FactSet kAllFacts = Fact::exe | Fact::stat | Fact::argv | Fact::owner | Fact::cgroup | Fact::parent |
                              Fact::ancestors | Fact::devices | Fact::file;

Procfs source_of(const FakeProc& tree)
{
    return Procfs::open({.proc = tree.proc(), .sys = tree.sys()}).value();
}

Snapshot snapshot(Procfs& source, int pid, FactSet facts)
{
    Snapshot process;
    const auto handle = source.open(Pid{pid});
    REQUIRE(handle);
    REQUIRE((*handle)->read(facts, process));
    return process;
}

/// "nice 5", or why the autogroup does not count.
std::string autogroup_of(const FakeProc& tree, int pid)
{
    auto source = source_of(tree);
    const auto autogroup = source.open(Pid{pid}).value()->autogroup();
    return autogroup ? "nice " + std::to_string(autogroup->nice.value()) : autogroup.error().doing;
}

void switch_autogroups(FakeProc& tree, const char* state)
{
    tree.write("proc/sys/kernel/sched_autogroup_enabled", state);
}

template <typename T>
T actual_of(ProcessHandle& process, Setting setting)
{
    const auto value = process.actual(setting);
    REQUIRE(value);
    return std::get<T>(*value);
}

bool is_not_root()
{
    return ::geteuid() != 0;
}

}  // namespace

TEST_CASE("a process is shown as its files tell")
{
    FakeProc tree;
    tree.add({.pid = 42,
              .comm = "cc1plus",
              .exe = "/usr/lib/gcc/cc1plus (deleted)",
              .argv = {"cc1plus", "-O2"},
              .parent = 7,
              .session = 40,
              .terminal = 34816,
              .threads = {43},
              .start_ticks = 5000,
              .cgroup = "4:cpu,cpuacct:/batch\n0::/user.slice\n"});
    auto source = source_of(tree);
    const auto process = snapshot(source, 42, kAllFacts);
    CHECK(process.known == kAllFacts);
    CHECK(process.key == ProcessKey{Pid{42}, 5000});
    CHECK(process.comm == "cc1plus");
    CHECK(process.exe == "/usr/lib/gcc/cc1plus");
    CHECK(process.argv == std::vector<std::string>{"cc1plus", "-O2"});
    CHECK(process.parent == Pid{7});
    CHECK(process.session == 40);
    CHECK(process.has_tty);
    CHECK(process.threads == 2);
    CHECK_FALSE(process.is_kernel_thread);
    CHECK_FALSE(process.is_zombie);
    CHECK(process.uid == Uid{::geteuid()});
    CHECK(process.cgroup == "/user.slice");
    CHECK(process.cpu_cgroup == "/batch");
    CHECK(process.names == Names{"cc1plus"});
    CHECK(process.is_user_program);  // the file of that name is not the one of the link
}

TEST_CASE("only what is asked for is read")
{
    FakeProc tree;
    tree.add({.pid = 42, .comm = "cc1plus", .exe = "/usr/bin/cc", .argv = {"cc"}});
    auto source = source_of(tree);
    const auto process = snapshot(source, 42, Fact::exe);
    CHECK(process.known == FactSet{Fact::exe});
    CHECK(process.names == Names{"cc"});
    CHECK(process.comm.empty());
    CHECK(process.argv.empty());
}

TEST_CASE("names are derived anew when a fact behind them is read")
{
    FakeProc tree;
    tree.add({.pid = 42, .comm = "worker", .exe = "/usr/bin/python3", .argv = {"python3", "/srv/train.py"}});
    auto source = source_of(tree);
    const auto handle = source.open(Pid{42}).value();
    Snapshot process;
    REQUIRE(handle->read(Fact::exe, process));
    CHECK(process.names == Names{"python3"});
    REQUIRE(handle->read(Fact::argv, process));
    CHECK(process.names == Names{"train.py", "python3"});
    REQUIRE(handle->read(Fact::stat, process));
    CHECK(process.names == Names{"train.py", "python3", "worker"});
    CHECK(process.known == (Fact::exe | Fact::argv | Fact::stat));
}

TEST_CASE("the owner of the folders is the owner of the process" * doctest::skip(is_not_root()))
{
    FakeProc tree;
    tree.add({.pid = 42});
    REQUIRE(::chown((tree.proc() + "/42/task").c_str(), 1000, 1001) == 0);
    auto source = source_of(tree);
    const auto process = snapshot(source, 42, Fact::owner);
    CHECK(process.uid == Uid{1000});
    CHECK(process.gid == Gid{1001});
}

TEST_CASE("a process that does not exist cannot be opened")
{
    const FakeProc tree;
    auto source = source_of(tree);
    for (const int pid : {42, 0, -1}) {
        const auto handle = source.open(Pid{pid});
        REQUIRE_FALSE(handle);
        CHECK(handle.error().code == ESRCH);
    }
}

TEST_CASE("a process that has ended is not read, even if its pid is used again")
{
    FakeProc tree;
    tree.add({.pid = 42, .exe = "/usr/bin/old", .argv = {"old"}});
    auto source = source_of(tree);
    const auto handle = source.open(Pid{42}).value();
    tree.remove(42);
    tree.add({.pid = 42, .exe = "/usr/bin/new", .argv = {"new"}});
    for (const Fact fact :
         {Fact::exe, Fact::stat, Fact::argv, Fact::owner, Fact::cgroup, Fact::devices, Fact::parent, Fact::file}) {
        Snapshot process;
        const auto result = handle->read(fact, process);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ESRCH);
        CHECK(process.known.empty());
    }
    CHECK_FALSE(handle->is_alive());
    CHECK(handle->threads().empty());
    CHECK(handle->autogroup().error().code == ESRCH);
    CHECK(handle->actual(Setting::nice).error().code == ESRCH);
    CHECK(handle->actual(Setting::oom_score_adj).error().code == ESRCH);
}

TEST_CASE("a comm that imitates other fields changes none of them")
{
    FakeProc tree;
    tree.add({.pid = 42, .comm = "x) Z 1\n(y", .parent = 7});
    auto source = source_of(tree);
    const auto process = snapshot(source, 42, Fact::stat);
    CHECK(process.comm == "x) Z 1\n(y");
    CHECK(process.parent == Pid{7});
    CHECK_FALSE(process.is_zombie);
}

TEST_CASE("a malformed stat is an error, not a process")
{
    FakeProc tree;
    tree.add({.pid = 42});
    tree.write("proc/42/stat", "42 (program) S 1");
    auto source = source_of(tree);
    Snapshot process;
    const auto result = source.open(Pid{42}).value()->read(Fact::stat, process);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == EBADMSG);
}

TEST_CASE("a process without exe, arguments and cgroup is known to have none")
{
    FakeProc tree;
    tree.add({.pid = 42, .comm = "kworker", .flags = 0x200000, .cgroup = ""});
    auto source = source_of(tree);
    const auto process = snapshot(source, 42, Fact::exe | Fact::argv | Fact::cgroup | Fact::stat);
    CHECK(process.exe.empty());
    CHECK(process.argv.empty());
    CHECK(process.cgroup == "/");
    CHECK(process.is_kernel_thread);
    CHECK(process.known.contains(Fact::exe));
    CHECK(process.names == Names{"kworker"});
}

TEST_CASE("ancestors are named nearest first, up to the first process")
{
    FakeProc tree;
    tree.add({.pid = 1, .comm = "systemd", .exe = "/usr/lib/systemd/systemd", .parent = 0, .start_ticks = 1});
    tree.add({.pid = 10, .comm = "steam", .exe = "/usr/bin/steam", .parent = 1, .start_ticks = 20});
    tree.add({.pid = 20,
              .comm = "sh",
              .exe = "/usr/bin/dash",
              .argv = {"sh", "/opt/run.sh"},
              .parent = 10,
              .start_ticks = 30});
    tree.add({.pid = 42, .parent = 20, .start_ticks = 40});
    auto source = source_of(tree);
    const auto process = snapshot(source, 42, Fact::ancestors);
    CHECK(process.ancestors == std::vector<Names>{{"run.sh", "dash", "sh"}, {"steam"}, {"systemd"}});
    CHECK(process.known.contains(Fact::parent));
    CHECK(process.known.contains(Fact::ancestors));
}

TEST_CASE("asked for the parent, no more than the parent is read")
{
    FakeProc tree;
    tree.add({.pid = 1, .comm = "init", .parent = 0, .start_ticks = 1});
    tree.add({.pid = 10, .comm = "steam", .start_ticks = 20});
    tree.add({.pid = 42, .parent = 10, .start_ticks = 40});
    auto source = source_of(tree);
    const auto process = snapshot(source, 42, Fact::parent);
    CHECK(process.ancestors == std::vector<Names>{{"steam"}});
    CHECK_FALSE(process.known.contains(Fact::ancestors));
}

TEST_CASE("a process that is younger than its child is not taken for the parent")
{
    FakeProc tree;
    tree.add({.pid = 10, .comm = "impostor", .start_ticks = 500});
    tree.add({.pid = 42, .parent = 10, .start_ticks = 40});
    auto source = source_of(tree);
    const auto process = snapshot(source, 42, Fact::ancestors);
    CHECK(process.ancestors.empty());
    CHECK(process.known.contains(Fact::ancestors));
}

TEST_CASE("a process whose known parent has ended has the one who adopted it")
{
    FakeProc tree;
    tree.add({.pid = 1, .comm = "init", .parent = 0, .start_ticks = 1});
    tree.add({.pid = 42, .parent = 10, .start_ticks = 40});
    auto source = source_of(tree);
    const auto handle = source.open(Pid{42}).value();
    Snapshot process;
    REQUIRE(handle->read(Fact::stat, process));
    tree.write("proc/42/stat", "42 (p) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 40 \n");
    REQUIRE(handle->read(Fact::parent, process));
    CHECK(process.parent == Pid{1});
    CHECK(process.ancestors == std::vector<Names>{{"init"}});
}

TEST_CASE("parents that go round in a circle end the search")
{
    FakeProc tree;
    tree.add({.pid = 10, .comm = "a", .parent = 20});
    tree.add({.pid = 20, .comm = "b", .parent = 10});
    auto source = source_of(tree);
    CHECK(snapshot(source, 10, Fact::ancestors).ancestors.size() == 32);
}

TEST_CASE("devices are found among the open files")
{
    FakeProc tree;
    tree.add({.pid = 42, .descriptors = {"/dev/null", "socket:[7]", "/dev/dri/renderD128"}});
    tree.add({.pid = 43, .descriptors = {"/dev/snd/pcmC0D0p", "/dev/nvidia0"}});
    tree.add({.pid = 44, .descriptors = {"/dev/pts/0"}});
    auto source = source_of(tree);
    CHECK(snapshot(source, 42, Fact::devices).uses == Uses{.gpu = true, .audio = false});
    CHECK(snapshot(source, 43, Fact::devices).uses == Uses{.gpu = true, .audio = true});
    CHECK(snapshot(source, 44, Fact::devices).uses == Uses{});
}

TEST_CASE("which GPUs a process has open is told by their drivers, by the device, or by NVIDIA's folder")
{
    FakeProc tree;
    tree.add({.pid = 42, .descriptors = {"/dev/null", "/dev/dri/renderD128", "/dev/dri/renderD129", "/dev/nvidia1"}});
    tree.write("proc/42/fdinfo/1", "pos:\t0\ndrm-driver:\tamdgpu\ndrm-pdev:\t0000:65:00.0\n");
    tree.write("proc/42/fdinfo/2", "pos:\t0\n");
    tree.link("sys/class/drm/renderD129/device", "../../../0000:66:00.0");
    tree.write("proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: \t A\nDevice Minor: \t 0\n");
    tree.write("proc/driver/nvidia/gpus/0000:02:00.0/information", "Model: \t B\nDevice Minor: \t 1\n");
    auto source = source_of(tree);
    CHECK(snapshot(source, 42, Fact::devices).uses.gpus ==
          std::vector<std::string>{"0000:02:00.0", "0000:65:00.0", "0000:66:00.0"});
}

TEST_CASE("of several open GPUs those count that have worked for the process, where the driver tells")
{
    FakeProc tree;
    tree.add({.pid = 42, .descriptors = {"/dev/dri/renderD128", "/dev/dri/renderD129", "/dev/dri/renderD129"}});
    tree.write("proc/42/fdinfo/0", "drm-pdev:\t0000:65:00.0\ndrm-engine-gfx:\t0 ns\n");
    tree.write("proc/42/fdinfo/1", "drm-pdev:\t0000:66:00.0\ndrm-engine-gfx:\t0 ns\n");
    tree.write("proc/42/fdinfo/2", "drm-pdev:\t0000:66:00.0\ndrm-engine-compute:\t9288864723 ns\n");
    auto source = source_of(tree);
    CHECK(snapshot(source, 42, Fact::devices).uses.gpus == std::vector<std::string>{"0000:66:00.0"});
}

TEST_CASE("a GPU whose driver tells nothing may be at work")
{
    FakeProc tree;
    tree.add({.pid = 42, .descriptors = {"/dev/dri/renderD128", "/dev/nvidia0", "/dev/dri/renderD129"}});
    tree.write("proc/42/fdinfo/0", "drm-pdev:\t0000:65:00.0\ndrm-engine-gfx:\t5 ns\n");
    tree.write("proc/42/fdinfo/2", "drm-pdev:\t0000:66:00.0\ndrm-engine-gfx:\t0 ns\n");
    tree.write("proc/driver/nvidia/gpus/0000:01:00.0/information", "Device Minor: \t 0\n");
    auto source = source_of(tree);
    CHECK(snapshot(source, 42, Fact::devices).uses.gpus == std::vector<std::string>{"0000:01:00.0", "0000:65:00.0"});
}

TEST_CASE("a GPU that nothing tells the address of is a GPU nevertheless")
{
    FakeProc tree;
    tree.add({.pid = 42, .descriptors = {"/dev/kfd", "/dev/nvidia7", "/dev/dri/renderD130"}});
    auto source = source_of(tree);
    const auto uses = snapshot(source, 42, Fact::devices).uses;
    CHECK(uses.gpu);
    CHECK(uses.gpus.empty());
}

TEST_CASE("threads are at work that run, or have had a tenth of what the busiest has had")
{
    const auto stat = [](int tid, char state, int ticks) {
        return std::to_string(tid) + " (x) " + state + " 1 1 1 0 -1 0 0 0 0 0 " + std::to_string(ticks) +
               " 0 0 0 20 0 3 0 100 0 0\n";
    };
    FakeProc tree;
    tree.add({.pid = 42, .threads = {43, 44}});
    auto source = source_of(tree);
    const auto handle = source.open(Pid{42}).value();
    CHECK(handle->busy_threads() == 1);
    tree.write("proc/42/task/42/stat", stat(42, 'S', 1000));
    tree.write("proc/42/task/43/stat", stat(43, 'S', 100));
    tree.write("proc/42/task/44/stat", stat(44, 'S', 99));
    CHECK(handle->busy_threads() == 2);
    for (int tid = 42; tid <= 44; ++tid)
        tree.write("proc/42/task/" + std::to_string(tid) + "/stat", stat(tid, 'R', 0));
    CHECK(handle->busy_threads() == 3);
}

TEST_CASE("the CPUs that a control group is confined to are told by the nearest one that says it")
{
    FakeProc tree;
    tree.add({.pid = 42, .cgroup = "0::/a.slice/b.service\n"});
    auto source = source_of(tree);
    const auto cpuset = [&] { return source.open(Pid{42}).value()->cpuset(); };
    CHECK(cpuset().error().code == ENOENT);
    tree.write("sys/fs/cgroup/cpuset.cpus.effective", "0-15\n");
    CHECK(cpuset()->to_text() == "0-15");
    tree.write("sys/fs/cgroup/a.slice/cpuset.cpus.effective", "4-7\n");
    CHECK(cpuset()->to_text() == "4-7");
    tree.write("sys/fs/cgroup/a.slice/b.service/cpuset.cpus.effective", "5\n");
    CHECK(cpuset()->to_text() == "5");
}

TEST_CASE("with version 1 of control groups it is that of the cpuset's own tree")
{
    FakeProc tree;
    tree.add({.pid = 42, .cgroup = "3:cpuset:/docker/1\n0::/\n"});
    tree.write("sys/fs/cgroup/cpuset/docker/1/cpuset.effective_cpus", "2-3\n");
    auto source = source_of(tree);
    CHECK(source.open(Pid{42}).value()->cpuset()->to_text() == "2-3");
    tree.remove(42);
    CHECK_FALSE(source.open(Pid{42}));
}

TEST_CASE("a list has every process and no kernel thread")
{
    FakeProc tree;
    tree.add({.pid = 2, .comm = "kthreadd", .flags = 0x200000});
    tree.add({.pid = 42});
    tree.add({.pid = 7});
    tree.write("proc/sys/kernel/ostype", "Linux\n");
    tree.write("proc/12x/stat", "");
    auto source = source_of(tree);
    auto pids = source.list();
    std::ranges::sort(pids);
    CHECK(pids == std::vector{Pid{7}, Pid{42}});
}

TEST_CASE("threads come with the leader first")
{
    FakeProc tree;
    tree.add({.pid = 42, .threads = {7, 99}});
    auto source = source_of(tree);
    auto threads = source.open(Pid{42}).value()->threads();
    REQUIRE(threads.size() == 3);
    CHECK(threads.front() == Tid{42});
    std::ranges::sort(threads);
    CHECK(threads == std::vector{Tid{7}, Tid{42}, Tid{99}});
}

TEST_CASE("a source may be moved while its handles are in use")
{
    FakeProc tree;
    tree.add({.pid = 1, .comm = "init", .parent = 0, .start_ticks = 1});
    tree.add({.pid = 42});
    auto source = std::make_unique<Procfs>(source_of(tree));
    const auto handle = source->open(Pid{42}).value();
    const Procfs moved{std::move(*source)};
    source.reset();
    Snapshot process;
    REQUIRE(handle->read(Fact::parent, process));
    CHECK(process.ancestors == std::vector<Names>{{"init"}});
}

TEST_CASE("the autogroup counts in the root task group")
{
    FakeProc tree;
    switch_autogroups(tree, "1\n");
    tree.add({.pid = 42, .cgroup = "1:cpu:/\n0::/user.slice\n", .autogroup = "/autogroup-9 nice 5\n"});
    tree.add({.pid = 43, .cgroup = "0::/user.slice\n", .autogroup = "/autogroup-9 nice 5\n"});
    CHECK(autogroup_of(tree, 42) == "nice 5");
    CHECK(autogroup_of(tree, 43) == "nice 5");
}

TEST_CASE("the autogroup does not count below a cgroup that shares out CPU time")
{
    FakeProc tree;
    switch_autogroups(tree, "1\n");
    tree.write("sys/fs/cgroup/user.slice/cpu.weight", "100\n");
    const std::string autogroup = "/autogroup-9 nice 5\n";
    tree.add({.pid = 42, .cgroup = "1:cpu:/batch\n0::/\n", .autogroup = autogroup});
    tree.add({.pid = 43, .cgroup = "0::/user.slice\n", .autogroup = autogroup});
    tree.add({.pid = 44, .cgroup = "0::/user.slice/user-1000.slice/a.scope\n", .autogroup = autogroup});
    tree.add({.pid = 45, .cgroup = "0::/../outside\n", .autogroup = autogroup});
    CHECK(autogroup_of(tree, 42) == "its cgroup /batch shares out CPU time, not its autogroup");
    CHECK(autogroup_of(tree, 43) == "its cgroup /user.slice shares out CPU time, not its autogroup");
    CHECK(autogroup_of(tree, 44) == "its cgroup /user.slice shares out CPU time, not its autogroup");
    CHECK(autogroup_of(tree, 45) == "its cgroup /../outside lies outside of the cgroup namespace");
}

TEST_CASE("where there are no autogroups the reason is told")
{
    FakeProc tree;
    tree.add({.pid = 42, .autogroup = "/autogroup-9 nice 5\n"});
    CHECK(autogroup_of(tree, 42) == "autogroups are switched off (kernel.sched_autogroup_enabled = 0)");
    switch_autogroups(tree, "1\n");
    tree.add({.pid = 43});
    tree.add({.pid = 44, .autogroup = "\n"});
    CHECK(autogroup_of(tree, 43) == "this kernel has no autogroups");
    CHECK(autogroup_of(tree, 44) == "its session has no autogroup");
}

TEST_CASE("a reaped process of the real kernel has no owner, facts or values")
{
    Child child;
    auto source = Procfs::open().value();
    const auto handle = source.open(child.pid()).value();
    CHECK(handle->is_alive());
    child.reap();
    CHECK_FALSE(handle->is_alive());
    for (const Fact fact : {Fact::owner, Fact::exe, Fact::stat, Fact::argv, Fact::cgroup, Fact::devices, Fact::file}) {
        Snapshot process;
        const auto result = handle->read(fact, process);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ESRCH);
    }
    CHECK(handle->actual(Setting::nice).error().code == ESRCH);
    CHECK(handle->threads().empty());
}

TEST_CASE("a process that is reaped after it was seen alive is seen to be gone")
{
    Child child;
    auto source = Procfs::open().value();
    const auto handle = source.open(child.pid()).value();
    REQUIRE(handle->is_alive());
    child.kill();
    CHECK(handle->is_alive());
    child.reap();
    CHECK_FALSE(handle->is_alive());
}

TEST_CASE("a zombie of the real kernel is known as one, without exe and arguments")
{
    Child child;
    auto source = Procfs::open().value();
    const auto handle = source.open(child.pid()).value();
    child.kill();
    Snapshot process;
    REQUIRE(handle->read(Fact::exe | Fact::argv | Fact::stat, process));
    CHECK(process.is_zombie);
    CHECK(process.exe.empty());
    CHECK(process.argv.empty());
}

TEST_CASE("another user's program that may not be looked at is known to be hidden" * doctest::skip(::geteuid() != 0))
{
    const Child child;
    const auto seen = in_child([&] {
        if (!become_nobody())
            return std::string{"still root"};
        auto source = Procfs::open().value();
        Snapshot process;
        const auto result = source.open(child.pid()).value()->read(Fact::exe | Fact::devices | Fact::owner, process);
        return result ? "exe '" + process.exe + "' uid " + std::to_string(raw(process.uid)) : result.error().message();
    });
    CHECK(seen == "exe '' uid 0");
}

TEST_CASE("a program that hides itself still shows whose it is" * doctest::skip(::geteuid() != 0))
{
    const Child child{[] {
        become_nobody();
        ::prctl(PR_SET_DUMPABLE, 0);
    }};
    auto source = Procfs::open().value();
    const auto process = snapshot(source, raw(child.pid()), Fact::owner);
    CHECK(process.uid == Uid{kNobody});
    CHECK(process.gid == Gid{kNobody});
}

TEST_CASE("a policy without slices says so")
{
    const Child child{[] {
        const sched_param none{};
        ::sched_setscheduler(0, SCHED_IDLE, &none);
    }};
    auto source = Procfs::open().value();
    const auto slice = source.open(child.pid()).value()->actual(Setting::slice);
    REQUIRE_FALSE(slice);
    CHECK(slice.error().code == EOPNOTSUPP);
    CHECK(slice.error().doing == "its scheduling policy has no slice");
}

TEST_CASE("the values of a process are the kernel's")
{
    const Child child{[] {
        ::setpriority(PRIO_PROCESS, 0, 7);
        const sched_param none{};
        ::sched_setscheduler(0, SCHED_BATCH, &none);
    }};
    auto source = Procfs::open().value();
    const auto handle = source.open(child.pid()).value();
    CHECK(actual_of<Nice>(*handle, Setting::nice) == *Nice::make(7));
    CHECK(actual_of<SchedPolicy>(*handle, Setting::sched) == SchedPolicy{SchedPolicy::Kind::batch, 0});
    CHECK(actual_of<IoPriority>(*handle, Setting::io).level <= 7);
    CHECK_FALSE(std::get<CpuSet>(actual_of<CpuChoice>(*handle, Setting::cpus)).empty());
    CHECK(actual_of<OomScoreAdj>(*handle, Setting::oom_score_adj).value() <= 1000);
    for (const Setting setting : {Setting::cpu_weight, Setting::io_weight, Setting::children, Setting::program_class}) {
        const auto value = handle->actual(setting);
        REQUIRE_FALSE(value);
        CHECK(value.error().code == EOPNOTSUPP);
    }
}

TEST_CASE("a process is asked by its pid alone for what is done when it starts")
{
    Child child{[] { ::setpriority(PRIO_PROCESS, 0, 7); }};
    auto source = Procfs::open().value();
    const auto held = source.open(child.pid()).value();
    Snapshot process;
    REQUIRE(held->read(Fact::exe, process));
    CHECK(source.exe_of(child.pid()) == process.exe);
    const auto scheduling = source.scheduling_of(child.pid()).value();
    CHECK(scheduling.nice == Nice::make(7));
    CHECK(Value{*scheduling.sched} == held->actual(Setting::sched).value());
    if (const auto slice = held->actual(Setting::slice))
        CHECK(Value{*scheduling.slice} == *slice);
    REQUIRE(held->read(Fact::stat, process));
    CHECK(source.ticks_now() >= process.key.start_ticks);
    CHECK(source.ticks_now() <= process.key.start_ticks + 100U * static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK)));
    child.reap();
    CHECK(source.exe_of(child.pid()).empty());
    CHECK(source.scheduling_of(child.pid()).error().is_vanished());
}

TEST_CASE("stat tells the same nice value and policy as the system calls" * doctest::skip(is_not_root()))
{
    const Child child{[] {
        ::setpriority(PRIO_PROCESS, 0, -11);
        const sched_param third{.sched_priority = 3};
        ::sched_setscheduler(0, SCHED_FIFO, &third);
    }};
    auto source = Procfs::open().value();
    const auto process = snapshot(source, raw(child.pid()), Fact::stat);
    const auto handle = source.open(child.pid()).value();
    CHECK(process.nice == Nice::make(-11));
    CHECK(process.sched == SchedPolicy{SchedPolicy::Kind::fifo, 3});
    CHECK(process.nice == actual_of<Nice>(*handle, Setting::nice));
    CHECK(process.sched == actual_of<SchedPolicy>(*handle, Setting::sched));
}

TEST_CASE("the reset on fork, which rtkit, GameMode and services ask for, is no part of a policy" *
          doctest::skip(is_not_root()))
{
    using enum SchedPolicy::Kind;
    for (const SchedPolicy policy : {SchedPolicy{other, 0}, {batch, 0}, {idle, 0}, {rr, 5}, {fifo, 5}}) {
        const sched_param parameter{.sched_priority = policy.priority};
        const int number = static_cast<int>(policy_number(policy.kind)) | SCHED_RESET_ON_FORK;
        const Child child{[&] { ::sched_setscheduler(0, number, &parameter); }};
        auto source = Procfs::open().value();
        const auto handle = source.open(child.pid()).value();
        REQUIRE(::sched_getscheduler(raw(child.pid())) == number);
        CHECK(actual_of<SchedPolicy>(*handle, Setting::sched) == policy);
        CHECK(snapshot(source, raw(child.pid()), Fact::stat).sched == policy);
    }
}

TEST_CASE("an I/O priority that nobody has set is none, whatever nice value and policy the kernel derives it from" *
          doctest::skip(is_not_root()))
{
    const auto io_with = [](int nice, int policy) {
        const Child child{[=] {
            const sched_param parameter{.sched_priority = policy == SCHED_RR ? 1 : 0};
            ::syscall(SYS_ioprio_set, 1, 0, 0);  // the test itself may have been started with one
            ::setpriority(PRIO_PROCESS, 0, nice);
            ::sched_setscheduler(0, policy, &parameter);
        }};
        auto source = Procfs::open().value();
        return actual_of<IoPriority>(*source.open(child.pid()).value(), Setting::io);
    };
    for (const int nice : {-20, 0, 19})
        CHECK(io_with(nice, SCHED_OTHER) == IoPriority{});
    CHECK(io_with(0, SCHED_IDLE) == IoPriority{});
    CHECK(io_with(0, SCHED_RR) == IoPriority{});
}

TEST_CASE("all threads are listed, and one that is alone is known without a list")
{
    const Child child{[] {
        std::thread{[] {
            for (;;)
                ::pause();
        }}.detach();
    }};
    const Child single;
    auto source = Procfs::open().value();
    const auto handle = source.open(child.pid()).value();
    const auto threads = handle->threads();
    REQUIRE(threads.size() == 2);
    CHECK(threads.front() == leader_of(child.pid()));
    CHECK_FALSE(static_cast<ProcfsHandle&>(*handle).is_single_threaded());
    CHECK(handle->is_process());
    CHECK_FALSE(source.open(Pid{raw(threads.back())}).value()->is_process());
    const auto other = source.open(single.pid()).value();
    CHECK(static_cast<ProcfsHandle&>(*other).is_single_threaded());
}

TEST_CASE("the real list has this process and no kernel thread")
{
    auto source = Procfs::open().value();
    const auto pids = source.list();
    CHECK(std::ranges::find(pids, Pid{::getpid()}) != pids.end());
    for (const Pid pid : pids) {
        Snapshot process;
        const auto handle = source.open(pid);
        if (handle && (*handle)->read(Fact::stat, process))
            CHECK_FALSE(process.is_kernel_thread);
    }
}

TEST_CASE("a pidfd tells its process until that has been reaped, and other descriptors tell nothing")
{
    auto source = Procfs::open().value();
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    const UniqueFd pidfd{static_cast<int>(::syscall(SYS_pidfd_open, child, 0))};
    REQUIRE(pidfd);
    CHECK(source.pid_of(pidfd.get()).value() == Pid{child});
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    CHECK(source.pid_of(pidfd.get()).error().code == ESRCH);
    CHECK(source.pid_of(STDERR_FILENO).error().code == EBADF);
    CHECK(source.pid_of(-1).error().code == EBADF);
}

}  // namespace priorityd::kernel
