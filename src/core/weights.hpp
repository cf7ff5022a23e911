// SPDX-License-Identifier: GPL-3.0-or-later
/// The weights that units of systemd compete with among their siblings.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/setting.hpp"
#include "core/units.hpp"

namespace priorityd {

/// Weights of a unit; empty where none is set, which is the same as 100.
struct Weights {
    std::optional<CpuWeight> cpu;
    std::optional<IoWeight> io;
    [[nodiscard]] bool empty() const { return !cpu && !io; }
    friend bool operator==(const Weights&, const Weights&) = default;
};

/// By the names of slices, "system.slice".
using SliceWeights = std::map<std::string, Weights>;

/// What the process asks of its unit: the weights that were decided for it.
[[nodiscard]] Weights weights_in(const SettingMap& settings);
/// The weight that amounts to the nice value and policy among units, as the nice value counts among processes: a
/// quarter more for each step, "idle" for SCHED_IDLE. Empty where that is the usual. Source: cgroup v2,
/// cpu.weight.nice.
[[nodiscard]] std::optional<CpuWeight> weight_by_nice(const SettingMap& settings);
/// The other way round than weights_in().
[[nodiscard]] SettingMap settings_of(const Weights& weights);
/// "cpu_weight 50, io_weight 10"; "none" when there are none.
[[nodiscard]] std::string to_text(const Weights& weights);

}  // namespace priorityd
