// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/usage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

#include <fmt/format.h>

#include "kernel/folder.hpp"
#include "kernel/numbered_path.hpp"
#include "kernel/procfs_text.hpp"
#include "kernel/small_file.hpp"

namespace priorityd::kernel {
namespace {

/// The clock of a process's CPU time, as clock_getcpuclockid(3) makes it, without asking whether the process is there:
/// reading the clock tells. Source: include/linux/posix-timers.h, make_process_cpuclock().
clockid_t cpu_clock_of(Pid pid)
{
    constexpr unsigned kOfScheduler = 2;
    return static_cast<clockid_t>((~static_cast<unsigned>(raw(pid)) << 3U) | kOfScheduler);
}

std::chrono::nanoseconds duration(const timespec& time)
{
    return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

std::chrono::nanoseconds from_ticks(std::uint64_t ticks)
{
    static const auto kTicksASecond = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    return std::chrono::nanoseconds{ticks * (std::nano::den / kTicksASecond)};
}

constexpr std::size_t kStatBytes = 1024;
constexpr std::size_t kIoBytes = 512;

}  // namespace

Result<KernelUsage> KernelUsage::open()
{
    UniqueFd proc{::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!proc)
        return failure(errno, "open(/proc)");
    auto taskstats = Taskstats::open();
    if (!taskstats)
        return tl::unexpected(taskstats.error());
    return KernelUsage{std::move(proc), *std::move(taskstats)};
}

std::vector<Pid> KernelUsage::list()
{
    std::vector<Pid> pids;
    const Folder folder = open_folder(proc_.get(), ".");
    if (!folder)
        return pids;
    for_each_number(folder.get(), [&](int number) {
        pids.push_back(Pid{number});
        return true;
    });
    return pids;
}

std::optional<std::chrono::nanoseconds> KernelUsage::cpu_time(Pid pid)
{
    timespec time{};
    if (::clock_gettime(cpu_clock_of(pid), &time) != 0)
        return std::nullopt;
    return duration(time);
}

Result<Sighting> KernelUsage::look_at(Pid pid)
{
    std::array<char, kStatBytes> stat_text;
    const auto text = read_small_file(proc_.get(), NumberedPath{raw(pid), "/stat"}.c_str(), stat_text);
    const auto stat = text ? parse_stat(*text) : std::nullopt;
    const auto run = cpu_time(pid);
    if (!stat || !run || stat->is_zombie())
        return failure(ESRCH, fmt::format("look at process {}", raw(pid)));
    Sighting sighting{.key = {pid, stat->start_ticks},
                      .parent = stat->parent,
                      .comm = std::string{stat->comm},
                      .nice = stat->nice,
                      .sched = stat->sched,
                      .is_kernel_thread = stat->is_kernel_thread(),
                      .usage = {.when = Instant::clock::now(),
                                .run = *run,
                                .children_run = from_ticks(stat->children_ticks),
                                .threads = stat->threads}};
    if (sighting.is_kernel_thread)
        return sighting;
    const auto totals = taskstats_.of(pid);
    if (!totals)
        return tl::unexpected(totals.error());
    sighting.usage.delay = totals->delay;
    sighting.usage.turns = totals->turns;
    sighting.usage.sleeps = totals->sleeps;
    sighting.usage.preemptions = totals->preemptions;
    std::array<char, kIoBytes> io_text;
    const auto io = read_small_file(proc_.get(), NumberedPath{raw(pid), "/io"}.c_str(), io_text);
    sighting.usage.bytes = io ? parse_storage_bytes(*io).value_or(0) : 0;
    return sighting;
}

std::chrono::nanoseconds KernelUsage::spent()
{
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return duration(time);
}

}  // namespace priorityd::kernel
