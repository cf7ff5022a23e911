// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/knobs.hpp"

#include <fmt/format.h>

namespace priorityd {
namespace {

void remark(Knobs& knobs, std::string_view name, const ForeignScheduler& scheduler, std::optional<bool> heeds)
{
    const auto knob = knobs.find(name);
    if (knob == knobs.end() || !knob->second.is_live)
        return;
    std::string& why = knob->second.why;
    why += (why.empty() ? "" : "; ") + remark_on(scheduler, heeds);
}

}  // namespace

std::string remark_on(const ForeignScheduler& scheduler, std::optional<bool> heeds)
{
    return heeds == false ? fmt::format("the sched_ext scheduler {} ignores it", scheduler.name)
                          : fmt::format("what comes of it is up to the sched_ext scheduler {}", scheduler.name);
}

/// A slice is a matter of the kernel's scheduler alone, and to others an autogroup is no group: the kernel tells them
/// of cgroups only. Source: tg_cgrp() in kernel/sched/ext.c.
Knobs under(const std::optional<ForeignScheduler>& scheduler, Knobs knobs)
{
    if (!scheduler)
        return knobs;
    remark(knobs, "nice", *scheduler, scheduler->heeds_nice);
    remark(knobs, "cpu_weight", *scheduler, scheduler->heeds_cpu_weights);
    remark(knobs, "slice", *scheduler, false);
    remark(knobs, "autogroup", *scheduler, false);
    return knobs;
}

Knobs beside_gathering(bool kernel_gathers, Knobs knobs)
{
    const auto cpus = knobs.find("cpus");
    if (kernel_gathers && cpus != knobs.end() && cpus->second.is_live)
        cpus->second.why += std::string{cpus->second.why.empty() ? "" : "; "} +
                            "the kernel gathers threads by cache: \"llc:auto\" is left to it";
    return knobs;
}

}  // namespace priorityd
