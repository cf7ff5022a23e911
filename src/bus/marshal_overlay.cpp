// SPDX-License-Identifier: GPL-3.0-or-later
#include "bus/marshal_overlay.hpp"

#include "bus/readable.hpp"
#include "bus/sdbus_compat.hpp"

namespace priorityd::bus {

using sdbus::Variant;

Dict to_dict(const OverlayView& overlay)
{
    return {{"name", Variant(readable(overlay.name))},
            {"description", Variant(readable(overlay.description))},
            {"effective", Variant(overlay.is_in_force)},
            {"source", Variant(readable(overlay.source))}};
}

OverlayView read_overlay(const Dict& row)
{
    return {.name = value_at<std::string>(row, "name"),
            .description = value_at<std::string>(row, "description"),
            .source = value_at<std::string>(row, "source"),
            .is_in_force = value_at<bool>(row, "effective")};
}

}  // namespace priorityd::bus
