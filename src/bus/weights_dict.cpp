// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/weights_dict.hpp"

#include <fmt/format.h>

#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {

Dict to_dict(const Weights& weights)
{
    return to_dict(settings_of(weights));
}

Result<Weights> read_weights(const Dict& dict)
{
    SettingMap settings;
    for (const auto& [name, variant] : dict) {
        const auto* known = find_setting(name);
        if (!known || (known->setting != Setting::cpu_weight && known->setting != Setting::io_weight))
            return failure(EINVAL, fmt::format("\"{}\" is none of cpu_weight, io_weight", readable(name)));
        const auto raw = read_raw(variant);
        if (!raw)
            return failure(EINVAL,
                           fmt::format("{} has type {}: expected {}", name, compat::type_of(variant), known->expects));
        auto value = parse_value(known->setting, *raw);
        if (!value)
            return failure(EINVAL, readable(value.error().doing));
        settings.set(known->setting, *std::move(value));
    }
    return weights_in(settings);
}

}  // namespace priorityd::bus
