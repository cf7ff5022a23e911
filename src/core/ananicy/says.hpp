// SPDX-License-Identifier: GPL-3.0-or-later
/// What a rule or type of ananicy says, key by key: some keys mean something only together with those of the type.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ananicy/object.hpp"
#include "core/setting.hpp"
#include "core/units.hpp"

namespace priorityd::ananicy {

/// `latency_nice`, of kernels that had it. Source: the patches for EEVDF that Linux 6.12 has taken as slices.
using LatencyNice = Bounded<struct LatencyNiceTag, -20, 19>;
using RealtimePriority = Bounded<struct RealtimePriorityTag, 1, 99>;
using IoLevel = Bounded<struct IoLevelTag, 0, 7>;

/// An empty member: nothing was said.
struct Says {
    std::optional<Nice> nice;
    std::optional<LatencyNice> latency_nice;
    std::optional<SchedPolicy::Kind> sched;
    std::optional<RealtimePriority> rtprio;
    std::optional<IoPriority::Class> ioclass;
    std::optional<IoLevel> ionice;
    std::optional<OomScoreAdj> oom_score_adj;
    std::optional<CpuChoice> cpuset;
    std::string cgroup;

    friend bool operator==(const Says&, const Says&) = default;
};

/// The keys of Says, as they are written.
[[nodiscard]] const std::vector<std::string_view>& setting_keys();

/// Takes over what the member says. Else the mistake, for a person: "nice = 25: expected …".
[[nodiscard]] std::optional<std::string> take(const Member& member, Says& into);
/// `"Game"`, `25`, `null`: as it could have been written.
[[nodiscard]] std::string value_text(const MemberValue& value);

/// What ananicy.conf may switch off.
struct Switches {
    bool nice = true;
    bool latency_nice = true;
    bool sched = true;
    bool io = true;
    bool oom_score_adj = true;
    bool cpuset = true;
    bool cgroup = true;
};

/// The settings that `own` asks for, with what it leaves open taken from `type`; what the type alone says is not among
/// them. A rule with `ionice` alone thus has the type's class. The weight of a control group is not known here.
[[nodiscard]] SettingMap settings_of(const Says& own, const Says& type, const Switches& switches);

}  // namespace priorityd::ananicy
