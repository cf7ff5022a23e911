// SPDX-License-Identifier: GPL-3.0-or-later
/// The properties of the daemon, read from what GetAll answers.
#pragma once

#include "bus/client.hpp"
#include "bus/marshal.hpp"

namespace priorityd::bus {

/// What is missing, of an earlier or later daemon, stays empty.
[[nodiscard]] ManagerStatus read_status(const Dict& properties);

}  // namespace priorityd::bus
