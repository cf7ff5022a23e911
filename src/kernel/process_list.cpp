// SPDX-License-Identifier: GPL-3.0-or-later
/// libproc2's answer, read from its structures: its macro PIDS_VAL takes four arguments in 4.0.2 and three later.
#include "kernel/process_list.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <span>

#include <libproc2/pids.h>

#include "kernel/procfs_text.hpp"

namespace priorityd::kernel {
namespace {

/// What is asked for, and with it the order of a row's results.
constexpr std::array kItems{PIDS_ID_PID, PIDS_FLAGS};

struct Unref {
    void operator()(pids_info* info) const { procps_pids_unref(&info); }
};
using PidsInfo = std::unique_ptr<pids_info, Unref>;

Result<PidsInfo> open_pids()
{
    pids_info* info = nullptr;
    auto items = kItems;
    const int answer = procps_pids_new(&info, items.data(), static_cast<int>(items.size()));
    if (answer < 0)
        return failure(-answer, "procps_pids_new");
    return PidsInfo{info};
}

}  // namespace

Result<std::vector<Pid>> list_processes()
{
    const auto info = open_pids();
    if (!info)
        return tl::unexpected(info.error());
    errno = 0;
    const pids_fetch* fetched = procps_pids_reap(info->get(), PIDS_FETCH_TASKS_ONLY);
    if (!fetched)
        return failure(errno, "procps_pids_reap");

    const std::span rows{fetched->stacks, static_cast<std::size_t>(fetched->counts->total)};
    std::vector<Pid> pids;
    pids.reserve(rows.size());
    for (const pids_stack* row : rows) {
        if ((row->head[1].result.ul_int & kKernelThreadFlag) == 0)
            pids.push_back(Pid{row->head[0].result.s_int});
    }
    return pids;
}

}  // namespace priorityd::kernel
