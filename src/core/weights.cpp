// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/weights.hpp"

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
