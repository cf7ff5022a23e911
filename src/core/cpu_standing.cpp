// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/cpu_standing.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace priorityd {
namespace {

/// "mysql.service" of "/system.slice/mysql.service".
std::string last_part(const std::string& path)
{
    return path.substr(path.rfind('/') + 1);
}

std::string place_of(const std::string& path)
{
    const auto above = path.substr(0, path.rfind('/'));
    return above.empty() ? "at the top" : "in " + last_part(above);
}

/// Adds what a scheduler other than the kernel's makes of a knob that the kernel's would heed.
void add_scheduler(const std::optional<ForeignScheduler>& scheduler, std::optional<bool> heeds, ShareRow& row)
{
    if (!scheduler || !row.is_live)
        return;
    row.is_live = heeds != false;
    const auto remark = remark_on(*scheduler, heeds);
    row.among = row.is_live ? fmt::format("{}; {}", row.among, remark) : remark;
}

std::string task_group_text(const CpuStanding& standing)
{
    if (!standing.groups.empty())
        return last_part(standing.groups.back().path);
    if (!standing.legacy_group.empty())
        return standing.legacy_group;
    return standing.autogroup ? fmt::format("session {}", raw(standing.session)) : "the machine";
}

std::string peers_text(const CpuStanding& standing)
{
    const auto where = task_group_text(standing);
    if (!standing.peers)
        return fmt::format("the other processes of {}", where);
    if (*standing.peers == 0)
        return fmt::format("alone in {}, so that it competes with nobody", where);
    return fmt::format("{} other process{} of {}", *standing.peers, *standing.peers == 1 ? "" : "es", where);
}

ShareRow nice_row(const CpuStanding& standing, const Nice& nice)
{
    ShareRow row{.knob = "nice",
                 .group = "process",
                 .value = fmt::format("{}", nice.value()),
                 .among = peers_text(standing),
                 .is_live = standing.peers != std::size_t{0}};
    add_scheduler(standing.scheduler, standing.scheduler ? standing.scheduler->heeds_nice : std::nullopt, row);
    return row;
}

ShareRow autogroup_row(const CpuStanding& standing)
{
    ShareRow row{.knob = "autogroup",
                 .group = fmt::format("session {}", raw(standing.session)),
                 .value = standing.autogroup ? fmt::format("{}", standing.autogroup->value()) : "",
                 .among = standing.autogroup ? "the other sessions" : standing.no_autogroup,
                 .is_live = standing.autogroup.has_value()};
    add_scheduler(standing.scheduler, false, row);
    return row;
}

std::string siblings_text(const CpuGroup& group)
{
    if (group.siblings == 0)
        return fmt::format("alone {}, so that it competes with nobody", place_of(group.path));
    return fmt::format("{} other{} {}, together {}: {:.0f} % when all of them are busy", group.siblings,
                       group.siblings == 1 ? "" : "s", place_of(group.path), group.their_weights, 100 * group.share());
}

ShareRow weight_row(const CpuGroup& group, const std::optional<ForeignScheduler>& scheduler)
{
    ShareRow row{.knob = "cpu_weight",
                 .group = last_part(group.path),
                 .value = to_text(Value{group.weight}),
                 .among = siblings_text(group),
                 .is_live = group.siblings > 0};
    add_scheduler(scheduler, scheduler ? scheduler->heeds_cpu_weights : std::nullopt, row);
    return row;
}

/// The level above the process's own group that costs it more than its own does; null when there is none.
const CpuGroup* where_a_parent_loses(const std::vector<CpuGroup>& groups)
{
    if (groups.size() < 2)
        return nullptr;
    const auto least =
        std::min_element(groups.begin(), groups.end() - 1,
                         [](const CpuGroup& left, const CpuGroup& right) { return left.share() < right.share(); });
    return least->siblings > 0 && least->share() < groups.back().share() ? &*least : nullptr;
}

}  // namespace

double CpuGroup::share() const
{
    const auto total = static_cast<double>(their_weights) + weight.value;
    return total > 0 ? weight.value / total : 1;
}

std::vector<ShareRow> explain_shares(const CpuStanding& standing, const SettingMap& actual)
{
    std::vector<ShareRow> rows;
    const auto* sched = find_value<SchedPolicy>(actual, Setting::sched);
    if (sched && sched->is_realtime())
        return {{.knob = "sched",
                 .group = "process",
                 .value = to_text(Value{*sched}),
                 .among = "before all that is not real-time: nice and weights do nothing for it",
                 .is_live = true}};
    if (const auto* nice = find_value<Nice>(actual, Setting::nice))
        rows.push_back(nice_row(standing, *nice));
    rows.push_back(autogroup_row(standing));
    const auto* losing = where_a_parent_loses(standing.groups);
    for (auto group = standing.groups.rbegin(); group != standing.groups.rend(); ++group) {
        rows.push_back(weight_row(*group, standing.scheduler));
        if (&*group == losing && rows.back().is_live)
            rows.back().among += "; most is lost here, whatever is set below";
    }
    if (!standing.legacy_group.empty())
        rows.push_back({.knob = "cpu_weight",
                        .group = standing.legacy_group,
                        .value = {},
                        .among = "its CPU controller is that of cgroup v1, whose shares are left alone"});
    return rows;
}

}  // namespace priorityd
