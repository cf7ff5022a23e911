// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/capabilities.hpp"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace priorityd::kernel {
namespace {

struct Need {
    Capability capability;
    std::string_view name;
    std::string_view lost;  ///< What does not work without it.
};
constexpr std::array kNeeds{
    Need{Capability::sys_nice, "CAP_SYS_NICE", "raising, real-time policies and processes of other users"},
    Need{Capability::sys_ptrace, "CAP_SYS_PTRACE", "paths of other users' programs"},
    Need{Capability::dac_override, "CAP_DAC_OVERRIDE", "oom_score_adj and autogroup of other users' processes"},
    Need{Capability::net_admin, "CAP_NET_ADMIN", "a large buffer for events"},
    Need{Capability::sys_resource, "CAP_SYS_RESOURCE", "oom_score_adj below what a process was given"},
};

}  // namespace

bool has_capability(Capability capability)
{
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    const auto number = static_cast<unsigned>(capability);
    return syscall(SYS_capget, &header, sets.data()) == 0 &&
           (sets.at(number / 32).effective >> (number % 32) & 1U) != 0;
}

std::string missing_capabilities()
{
    std::string line;
    for (const auto& need : kNeeds) {
        if (!has_capability(need.capability))
            line += fmt::format("{}{} ({})", line.empty() ? "missing " : ", ", need.name, need.lost);
    }
    return line;
}

}  // namespace priorityd::kernel
