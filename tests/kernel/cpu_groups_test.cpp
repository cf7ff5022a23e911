// SPDX-License-Identifier: GPL-3.0-or-later
/// Weights on the way to a process, and sched_ext schedulers, as trees of files show them.
#include "kernel/cpu_groups.hpp"

#include <fcntl.h>

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "kernel/sched_ext.hpp"
#include "kernel/unique_fd.hpp"
#include "support/fake_proc.hpp"

using namespace priorityd;
using namespace priorityd::kernel;
using test::FakeProc;

namespace {

class Sys : public FakeProc {
public:
    void add_group(const std::string& path, const std::string& weight, bool is_populated = true)
    {
        const std::string folder = "sys/fs/cgroup" + path;
        if (!weight.empty())
            write(folder + "/cpu.weight", weight + "\n");
        write(folder + "/cgroup.events", std::string{"populated "} + (is_populated ? "1" : "0") + "\nfrozen 0\n");
    }
    [[nodiscard]] UniqueFd open() const { return UniqueFd{::open(sys().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)}; }
};

}  // namespace

TEST_CASE("the way from the root to the task group has each group's weight and those beside it")
{
    Sys tree;
    tree.add_group("/init.scope", "100");
    tree.add_group("/system.slice", "100");
    tree.add_group("/user.slice", "300");
    tree.add_group("/machine.slice", "900", false);
    tree.add_group("/system.slice/a.service", "50");
    tree.add_group("/system.slice/b.service", "70");
    tree.add_group("/system.slice/b.service/inner", "");
    const auto groups = cpu_groups_on(tree.open().get(), "/system.slice/b.service/inner");
    REQUIRE(groups.size() == 2);
    CHECK(groups[0].path == "/system.slice");
    CHECK(groups[0].weight == CpuWeight{100});
    CHECK(groups[0].siblings == 2);
    CHECK(groups[0].their_weights == 400);
    CHECK(groups[1].path == "/system.slice/b.service");
    CHECK(groups[1].weight == CpuWeight{70});
    CHECK(groups[1].siblings == 1);
    CHECK(groups[1].their_weights == 50);
}

TEST_CASE("an idle group has no weight to set against others")
{
    Sys tree;
    tree.add_group("/a.slice", "100");
    tree.add_group("/b.slice", "100");
    tree.write("sys/fs/cgroup/b.slice/cpu.idle", "1\n");
    tree.write("sys/fs/cgroup/a.slice/cpu.idle", "0\n");
    const auto of_a = cpu_groups_on(tree.open().get(), "/a.slice");
    const auto of_b = cpu_groups_on(tree.open().get(), "/b.slice");
    CHECK(of_a.at(0).their_weights == 0);
    CHECK(of_a.at(0).siblings == 1);
    CHECK(of_b.at(0).weight == CpuWeight{CpuWeight::kIdle});
}

TEST_CASE("where the controller is off, or cannot be read, there is no group")
{
    Sys tree;
    tree.add_group("/system.slice", "");
    const auto sys = tree.open();
    for (const char* cgroup : {"/", "", "/system.slice", "/gone", "/../outside"})
        CHECK(cpu_groups_on(sys.get(), cgroup).empty());
    CHECK(cpu_groups_on(-1, "/system.slice").empty());
}

TEST_CASE("a sched_ext scheduler counts when it has all ordinary processes")
{
    Sys tree;
    const auto sys = tree.open();
    CHECK_FALSE(foreign_scheduler(sys.get()));
    tree.write("sys/kernel/sched_ext/state", "disabled\n");
    CHECK_FALSE(foreign_scheduler(sys.get()));
    tree.write("sys/kernel/sched_ext/state", "enabled\n");
    tree.write("sys/kernel/sched_ext/switch_all", "0\n");
    tree.write("sys/kernel/sched_ext/root/ops", "flatcg\n");
    CHECK_FALSE(foreign_scheduler(sys.get()));
    tree.write("sys/kernel/sched_ext/switch_all", "1\n");
    REQUIRE(foreign_scheduler(sys.get()));
    CHECK(foreign_scheduler(sys.get())->name == "flatcg");
}

TEST_CASE("what known schedulers heed is known whatever their version, of others nothing is")
{
    Sys tree;
    const auto sys = tree.open();
    tree.write("sys/kernel/sched_ext/state", "enabled\n");
    tree.write("sys/kernel/sched_ext/switch_all", "1\n");
    const auto named = [&](const std::string& name) {
        tree.write("sys/kernel/sched_ext/root/ops", name + "\n");
        return *foreign_scheduler(sys.get());
    };
    CHECK(named("flatcg").heeds_cpu_weights == true);
    CHECK(named("bpfland_1.0.20_gabcdef_x86_64_unknown_linux_gnu").heeds_cpu_weights == false);
    CHECK(named("bpfland_1.0.20_gabcdef_x86_64_unknown_linux_gnu").heeds_nice == true);
    CHECK_FALSE(named("flatcgs").heeds_cpu_weights);
    CHECK_FALSE(named("nobody_knows").heeds_nice);
}
