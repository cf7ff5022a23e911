// SPDX-License-Identifier: GPL-3.0-or-later
/// Which capabilities the daemon uses, and which of them it has.
#pragma once

#include <cstdint>
#include <string>

namespace priorityd::kernel {

/// The capabilities that something here needs, in the kernel's numbers. Source: capabilities(7).
enum class Capability : std::uint8_t {
    dac_override = 1,
    net_admin = 12,
    sys_ptrace = 19,
    sys_nice = 23,
    sys_resource = 24,
};

/// In the effective set of the calling thread.
[[nodiscard]] bool has_capability(Capability capability);

/// One line on what is missing and what does not work without it; empty when nothing is.
[[nodiscard]] std::string missing_capabilities();

}  // namespace priorityd::kernel
