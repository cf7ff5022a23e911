// SPDX-License-Identifier: GPL-3.0-or-later
/// The text of files below /proc as fields: pure functions over untrusted bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/ports.hpp"
#include "core/snapshot.hpp"
#include "core/units.hpp"

namespace priorityd::kernel {

/// How much of a command line is looked at.
constexpr std::size_t kCmdlineBytes = 4096;

/// PF_KTHREAD in the flags of a process. Source: include/linux/sched.h.
constexpr std::uint32_t kKernelThreadFlag = 0x0020'0000;

/// The fields of /proc/PID/stat that priorityd looks at. Source: proc(5).
struct StatFields {
    std::string_view comm;   ///< Points into the text that was parsed; any bytes.
    char state = 0;          ///< 'R', 'S', 'Z' …
    Pid parent{};            ///< 0 when it has none, or one in another pid namespace.
    std::int32_t group = 0;  ///< Process group.
    std::int32_t session = 0;
    std::int32_t terminal = 0;          ///< Device number of the controlling terminal; 0 for none.
    std::int32_t foreground_group = 0;  ///< The process group in that terminal's foreground; -1 without one.
    std::uint32_t flags = 0;            ///< PF_*; see is_kernel_thread().
    std::uint64_t own_ticks = 0;        ///< On a CPU, user and system: of this thread, or of the process's threads.
    /// On a CPU, user and system: children that have ended and been waited for, and theirs.
    std::uint64_t children_ticks = 0;
    std::optional<Nice> nice;  ///< Of the main thread, also of a real-time one, where it sleeps.
    int threads = 0;
    std::uint64_t start_ticks = 0;
    /// Of the main thread; empty for deadline and ext, and where the text ends before it.
    std::optional<SchedPolicy> sched;

    [[nodiscard]] bool is_kernel_thread() const;
    /// Its process group is the one in the foreground of its terminal.
    [[nodiscard]] bool is_tty_foreground() const;
    /// The leader has ended; other threads may live on.
    [[nodiscard]] bool is_zombie() const;
};

/// Empty for text that is malformed or cut off before the end of the start time; whatever comm holds, `)` and newlines
/// included.
[[nodiscard]] std::optional<StatFields> parse_stat(std::string_view text);

/// The line "Tgid:" of /proc/PID/status; empty without one. Source: proc(5).
[[nodiscard]] std::optional<Pid> parse_thread_group(std::string_view text);

/// The line "Pid:" of /proc/self/fdinfo/N; -1 when the process has been reaped, 0 when it cannot be seen from here;
/// empty when that is no pidfd. Source: pidfd_show_fdinfo() in kernel/fork.c (later fs/pidfs.c).
[[nodiscard]] std::optional<Pid> parse_pidfd_info(std::string_view text);

/// The arguments in /proc/PID/cmdline, its first kCmdlineBytes. A title that the program has written over them comes as
/// one argument, except that one which lists options ("chrome --type=gpu …") is cut at its blanks.
[[nodiscard]] std::vector<std::string> parse_cmdline(std::string_view bytes);

/// Where a process stands in the control group hierarchies. Source: cgroups(7).
struct CgroupPaths {
    std::string path = "/";  ///< In the unified hierarchy, else systemd's own.
    std::string cpu;         ///< In the v1 hierarchy of the cpu controller; empty where there is none.
    std::string cpuset;      ///< The same of the cpuset controller.
    friend bool operator==(const CgroupPaths&, const CgroupPaths&) = default;
};

/// Empty when a line is not "NUMBER:CONTROLLERS:PATH". A last line that was cut off is left out.
[[nodiscard]] std::optional<CgroupPaths> parse_cgroup(std::string_view text);

/// The path in the link /proc/PID/exe, without the " (deleted)" of a program that was replaced since it started.
[[nodiscard]] std::string_view exe_path(std::string_view link);

/// The text of /proc/PID/autogroup, "/autogroup-123 nice 0"; empty for anything else. Source: sched(7).
[[nodiscard]] std::optional<Autogroup> parse_autogroup(std::string_view text);

/// What the kernel tells of an open GPU. Source: Documentation/gpu/drm-usage-stats.rst.
struct GpuUse {
    std::string address;  ///< drm-pdev: on the PCI bus; empty where the driver does not tell.
    /// drm-engine-…: ns that its engines have worked for whoever has opened it; empty where the driver does not tell.
    std::optional<std::uint64_t> busy;
};
/// From a file in /proc/PID/fdinfo; what is malformed counts as not told.
[[nodiscard]] GpuUse parse_gpu_use(std::string_view text);
/// The number in "Device Minor: 	 0" of /proc/driver/nvidia/gpus/ADDRESS/information; empty without one.
[[nodiscard]] std::optional<int> parse_nvidia_minor(std::string_view text);

/// What a link in /proc/PID/fd tells of a process: a GPU's device, an audio device, or neither.
[[nodiscard]] Uses uses_of(std::string_view link);

/// "read_bytes" and "write_bytes" of /proc/PID/io together: what really went to and came from storage. Empty where the
/// lines are missing.
[[nodiscard]] std::optional<std::uint64_t> parse_storage_bytes(std::string_view text);

/// A file that holds one number, with or without a newline; empty for anything else.
template <typename Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text);

extern template std::optional<int> parse_number(std::string_view);
extern template std::optional<std::uint64_t> parse_number(std::string_view);

}  // namespace priorityd::kernel
