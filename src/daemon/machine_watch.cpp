// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/machine_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include <systemd/sd-device.h>

#include "kernel/procfs_text.hpp"

namespace priorityd::daemon {
namespace {

int on_device(sd_device_monitor* /*monitor*/, sd_device* /*device*/, void* callback)
{
    (*static_cast<std::function<void()>*>(callback))();
    return 0;
}

}  // namespace

void CpuWatch::EndMonitor::operator()(sd_device_monitor* monitor) const
{
    sd_device_monitor_unref(monitor);
}

Result<CpuWatch> CpuWatch::open(EventLoop& loop, std::function<void()> on_change)
{
    CpuWatch watch;
    watch.on_change_ = std::make_unique<std::function<void()>>(std::move(on_change));
    sd_device_monitor* monitor = nullptr;
    int error = sd_device_monitor_new(&monitor);
    watch.monitor_.reset(monitor);
    if (error >= 0)
        error = sd_device_monitor_filter_add_match_subsystem_devtype(monitor, "cpu", nullptr);
    if (error >= 0)
        error = sd_device_monitor_attach_event(monitor, loop.native());
    if (error >= 0)
        error = sd_device_monitor_start(monitor, on_device, watch.on_change_.get());
    if (error < 0)
        return failure(-error, "listening for CPUs that come and go");
    return watch;
}

Result<GpuWatch> GpuWatch::open(std::filesystem::path devices)
{
    kernel::UniqueFd inotify{inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
    if (!inotify)
        return failure(errno, "inotify_init1");
    return GpuWatch{std::move(inotify), std::move(devices)};
}

void GpuWatch::enable(bool is_wanted)
{
    for (const int descriptor : std::exchange(watched_, {}))
        inotify_rm_watch(inotify_.get(), descriptor);
    if (!is_wanted)
        return;
    add(devices_ / "dri");
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator{devices_, none}) {
        if (kernel::uses_of("/dev/" + entry.path().filename().string()).gpu)
            add(entry.path());
    }
}

/// Without such a device, or with no watch to be had, programs are still looked at some seconds after their start.
void GpuWatch::add(const std::filesystem::path& path)
{
    if (const int descriptor = inotify_add_watch(inotify_.get(), path.c_str(), IN_OPEN); descriptor >= 0)
        watched_.push_back(descriptor);
}

bool GpuWatch::was_opened()
{
    bool is_any = false;
    std::array<char, 4096> buffer;
    while (::read(inotify_.get(), buffer.data(), buffer.size()) > 0)
        is_any = true;  // whichever it was
    return is_any;
}

}  // namespace priorityd::daemon
