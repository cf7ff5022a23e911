// SPDX-License-Identifier: GPL-3.0-or-later
/// Fuzz target: the text of files below /proc, on any bytes.
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>

#include "fuzz/expect.hpp"
#include "kernel/procfs_text.hpp"

using namespace priorityd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(bytes), size};
    (void)kernel::parse_thread_group(text);
    if (const auto stat = kernel::parse_stat(text)) {
        expect(stat->comm.data() >= text.data() && stat->comm.data() + stat->comm.size() <= text.data() + text.size());
        if (stat->sched)
            expect(stat->sched->is_realtime() == (stat->sched->priority > 0) && stat->sched->priority <= 99);
        (void)stat->is_kernel_thread();
        (void)stat->is_zombie();
    }
    const auto arguments = kernel::parse_cmdline(text);
    const auto length = [](std::size_t sum, const auto& argument) { return sum + argument.size(); };
    expect(std::accumulate(arguments.begin(), arguments.end(), std::size_t{0}, length) <= kernel::kCmdlineBytes);
    if (const auto cgroup = kernel::parse_cgroup(text))
        expect(!cgroup->path.empty());
    expect(kernel::exe_path(text).size() <= text.size());
    if (const auto autogroup = kernel::parse_autogroup(text))
        expect(autogroup->nice.value() >= Nice::kLow && autogroup->nice.value() <= Nice::kHigh);
    (void)kernel::uses_of(text);
    (void)kernel::parse_number<int>(text);
    (void)kernel::parse_number<std::uint64_t>(text);
    return 0;
}
