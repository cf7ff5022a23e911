// SPDX-License-Identifier: GPL-3.0-or-later
/// sdbus::Error ends here.
#include "bus/errors.hpp"

#include <systemd/sd-bus.h>

namespace priorityd::bus {

Error to_error(const sdbus::Error& error, std::string doing)
{
    const sd_bus_error bus_error{error.getName().c_str(), error.getMessage().c_str(), 0};
    return {sd_bus_error_get_errno(&bus_error), std::move(doing)};
}

}  // namespace priorityd::bus
