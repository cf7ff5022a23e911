// SPDX-License-Identifier: GPL-3.0-or-later
/// Notices what changes about the machine: CPUs that come and go, GPUs that somebody opens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

#include "core/result.hpp"
#include "daemon/event_loop.hpp"
#include "kernel/unique_fd.hpp"

struct sd_device_monitor;

namespace priorityd::daemon {

/// Calls back when a CPU has come online or gone. Where there is no udev it hears nothing. Source: sd-device(3).
class CpuWatch {
public:
    /// Errors: those of sd_device_monitor_new(3) and sd_device_monitor_start(3).
    [[nodiscard]] static Result<CpuWatch> open(EventLoop& loop, std::function<void()> on_change);

private:
    struct EndMonitor {
        void operator()(sd_device_monitor* monitor) const;
    };
    std::unique_ptr<std::function<void()>> on_change_;  // where the monitor finds it after a move
    std::unique_ptr<sd_device_monitor, EndMonitor> monitor_;
};

/// Tells that somebody has opened a GPU, not who. Costs nothing while nobody does. Of one that was opened through
/// another device file, as containers have their own, it hears nothing.
class GpuWatch {
public:
    /// Watches the device files of GPUs in this folder (of /dev) and in its folder dri, also those that come later.
    /// Errors: those of inotify_init1(2).
    [[nodiscard]] static Result<GpuWatch> open(std::filesystem::path devices);

    [[nodiscard]] int fd() const { return inotify_.get(); }
    /// Reads what has happened; true when a GPU was opened.
    [[nodiscard]] bool was_opened();

private:
    GpuWatch(kernel::UniqueFd inotify, std::filesystem::path devices)
        : inotify_{std::move(inotify)}, devices_{std::move(devices)}
    {
    }
    void watch_devices();
    void add(const std::filesystem::path& path, std::uint32_t events);

    kernel::UniqueFd inotify_;
    std::filesystem::path devices_;
};

}  // namespace priorityd::daemon
