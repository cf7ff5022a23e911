// SPDX-License-Identifier: GPL-3.0-or-later
/// Which GPUs a process has open, by address.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/roots.hpp"

namespace priorityd::kernel {

class OpenGpus {
public:
    /// `task`: its open folder /proc/PID/task. Both outlive this.
    OpenGpus(const RootFolders& roots, int task) : roots_{roots}, task_{task} {}

    /// A descriptor of the process that leads to a GPU's device file, `link`. Source of the address: what the driver
    /// says of the open file, else /sys/class/drm, or NVIDIA's folder in /proc.
    void add(int descriptor, std::string_view link);
    /// See Uses::gpus.
    [[nodiscard]] std::vector<std::string> addresses() const;

private:
    [[nodiscard]] std::string address_of(std::string_view device) const;
    [[nodiscard]] std::string nvidia_address(int minor) const;

    const RootFolders& roots_;
    int task_;
    std::map<std::string, bool> is_idle_;  // by address: its driver says that it has done nothing for the process
};

}  // namespace priorityd::kernel
