// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/machine_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

#include <systemd/sd-device.h>

#include "kernel/procfs_text.hpp"

namespace priorityd::daemon {
namespace {

/// Room for some hundred events; what does not fit is read next.
constexpr std::size_t kReadBytes = 16384;

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
    GpuWatch watch{std::move(inotify), std::move(devices)};
    watch.add(watch.devices_, IN_CREATE);
    watch.watch_devices();
    return watch;
}

/// What is watched already stays so.
void GpuWatch::watch_devices()
{
    add(devices_ / "dri", IN_OPEN | IN_CREATE);
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator{devices_, none}) {
        if (kernel::uses_of("/dev/" + entry.path().filename().string()).gpu)
            add(entry.path(), IN_OPEN);
    }
}

/// Without such a device, or with no watch to be had, programs are still looked at some seconds after their start.
void GpuWatch::add(const std::filesystem::path& path, std::uint32_t events)
{
    (void)inotify_add_watch(inotify_.get(), path.c_str(), events);
}

bool GpuWatch::was_opened()
{
    bool is_opened = false;
    bool is_new = false;
    alignas(inotify_event) std::array<char, kReadBytes> buffer;
    for (ssize_t length = 0; (length = ::read(inotify_.get(), buffer.data(), buffer.size())) > 0;) {
        for (std::size_t at = 0; at < static_cast<std::size_t>(length);) {
            const auto* event =
                reinterpret_cast<const inotify_event*>(buffer.data() + at);  // NOLINT: the kernel's layout
            at += sizeof(inotify_event) + event->len;
            const bool is_listing = (event->mask & IN_OPEN) != 0 && (event->mask & IN_ISDIR) != 0;
            is_new = is_new || (event->mask & IN_CREATE) != 0;
            is_opened = is_opened || ((event->mask & (IN_OPEN | IN_Q_OVERFLOW)) != 0 && !is_listing);
        }
    }
    if (is_new)
        watch_devices();
    return is_opened;
}

}  // namespace priorityd::daemon
