// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/sched_ext.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "kernel/small_file.hpp"

namespace priorityd::kernel {
namespace {

/// What a scheduler's source makes of a task's weight, which comes of its nice value, and of weights of cgroups.
struct Known {
    std::string_view name;
    bool heeds_nice;
    bool heeds_cpu_weights;
};

/// Sources: the schedulers of github.com/sched-ext/scx as of August 2026 and of tools/sched_ext in Linux: whether they
/// look at p->scx.weight, and whether they have ops.cgroup_set_weight.
constexpr std::array kKnown{
    Known{"beerland", true, false}, Known{"bpfland", true, false},  Known{"cake", true, false},
    Known{"central", false, false}, Known{"chaos", true, false},    Known{"cosmos", true, false},
    Known{"flash", true, true},     Known{"flatcg", true, true},    Known{"forge", true, true},
    Known{"lavd", true, false},     Known{"layered", true, false},  Known{"mitosis", true, false},
    Known{"p2dq", true, false},     Known{"qmap", false, false},    Known{"rusty", true, false},
    Known{"simple", true, false},   Known{"tickless", true, false},
};

std::string_view first_line(int root, const char* file, std::span<char> buffer)
{
    const auto text = read_small_file(root, file, buffer);
    return text ? text->substr(0, text->find('\n')) : std::string_view{};
}

}  // namespace

std::optional<ForeignScheduler> foreign_scheduler(int sys_root)
{
    std::array<char, 128> buffer;
    if (first_line(sys_root, "kernel/sched_ext/state", buffer) != "enabled" ||
        first_line(sys_root, "kernel/sched_ext/switch_all", buffer) == "0")
        return std::nullopt;
    ForeignScheduler scheduler{.name = std::string{first_line(sys_root, "kernel/sched_ext/root/ops", buffer)},
                               .heeds_nice = {},
                               .heeds_cpu_weights = {}};
    // Those in Rust add version and platform: "bpfland_1.0.10_gabcdef_x86_64_unknown_linux_gnu".
    const auto family = std::string_view{scheduler.name}.substr(0, scheduler.name.find('_'));
    const auto* known = std::ranges::find(kKnown, family, &Known::name);
    if (known != kKnown.end()) {
        scheduler.heeds_nice = known->heeds_nice;
        scheduler.heeds_cpu_weights = known->heeds_cpu_weights;
    }
    return scheduler;
}

std::optional<ForeignScheduler> foreign_scheduler(const Roots& roots)
{
    const UniqueFd sys{::open(roots.sys.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    return sys ? foreign_scheduler(sys.get()) : std::nullopt;
}

}  // namespace priorityd::kernel
