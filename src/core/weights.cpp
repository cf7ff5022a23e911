// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/weights.hpp"

#include <cmath>

#include <fmt/format.h>

namespace priorityd {

Weights weights_in(const SettingMap& settings)
{
    Weights weights;
    if (const auto* cpu = find_value<CpuWeight>(settings, Setting::cpu_weight))
        weights.cpu = *cpu;
    if (const auto* io = find_value<IoWeight>(settings, Setting::io_weight))
        weights.io = *io;
    return weights;
}

std::optional<CpuWeight> weight_by_nice(const SettingMap& settings)
{
    constexpr double kUsual = 100;
    constexpr double kStep = 1.25;
    const auto* sched = find_value<SchedPolicy>(settings, Setting::sched);
    if (sched && sched->kind == SchedPolicy::Kind::idle)
        return CpuWeight{CpuWeight::kIdle};
    const auto* nice = find_value<Nice>(settings, Setting::nice);
    if (!nice || nice->value() == 0 || (sched && sched->is_realtime()))
        return std::nullopt;
    double weight = kUsual;
    for (int step = 0; step < nice->value(); ++step)
        weight /= kStep;
    for (int step = 0; step > nice->value(); --step)
        weight *= kStep;
    return CpuWeight::make(std::lround(weight));
}

SettingMap settings_of(const Weights& weights)
{
    SettingMap settings;
    if (weights.cpu)
        settings.set(Setting::cpu_weight, *weights.cpu);
    if (weights.io)
        settings.set(Setting::io_weight, *weights.io);
    return settings;
}

std::string to_text(const Weights& weights)
{
    if (weights.empty())
        return "none";
    std::string text;
    if (weights.cpu)
        text = fmt::format("cpu_weight {}", to_text(Value{*weights.cpu}));
    if (weights.io)
        text += fmt::format("{}io_weight {}", text.empty() ? "" : ", ", weights.io->value());
    return text;
}

}  // namespace priorityd
