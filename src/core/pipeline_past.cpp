// SPDX-License-Identifier: GPL-3.0-or-later
/// What the pipeline takes up from an earlier priorityd at the start, and what it puts back at the end. Nothing here is
/// on the exec path.
#include <algorithm>
#include <span>
#include <utility>

#include "core/cpu_goal.hpp"
#include "core/pipeline.hpp"

namespace priorityd {
namespace {

/// Takes off those at the front that are alike by `projection`.
template <typename Projection>
std::span<const Original> take_equal(std::span<const Original>& from, Projection projection)
{
    const auto end =
        std::ranges::find_if(from, [&](const Original& one) { return projection(one) != projection(from.front()); });
    const auto count = static_cast<std::size_t>(end - from.begin());
    const auto taken = from.first(count);
    from = from.subspan(count);
    return taken;
}

}  // namespace

void Pipeline::adopt(const AllOriginals& left, Instant now)
{
    autogroups_.adopt(left.sessions, world_.source, now);
    const auto pid_of = [](const Original& one) { return one.process.pid; };
    for (std::span rest{left.processes}; !rest.empty();) {
        const auto lines = take_equal(rest, pid_of);
        adopt_process(lines);
    }
}

void Pipeline::adopt_process(std::span<const Original> lines)
{
    Snapshot process;
    const auto handle = world_.source.open(lines.front().process.pid);
    if (!handle || !(*handle)->read(Fact::stat | Fact::owner, process))
        return;
    Bequest earlier = Lineage::empty_bequest_of(process);
    while (!lines.empty()) {
        auto of_setting = take_equal(lines, [](const Original& one) { return one.setting; });
        // Whoever has got the pid since has started later.
        while (!of_setting.empty() && of_setting.front().process.start_ticks < process.key.start_ticks)
            of_setting = of_setting.subspan(1);
        const auto* present = adopt_setting(**handle, process.key, of_setting);
        for (const auto& line : of_setting) {
            if (&line != present)
                earlier.add_former(line);
        }
    }
    lineage_.adopt(std::move(earlier), table_);
}

/// Returns the line that tells what the process has; null where there is none.
const Original* Pipeline::adopt_setting(ProcessHandle& handle, const ProcessKey& process,
                                        std::span<const Original> lines)
{
    if (lines.empty())
        return nullptr;
    const auto actual = handle.actual(lines.front().setting);
    const auto done = std::find_if(lines.rbegin(), lines.rend(), [&](const Original& one) {
        return actual && is_as_written(*actual, one.written, handle, world_.machine);
    });
    const Original& present = done == lines.rend() ? lines.back() : *done;
    if (!(present.before == present.written))
        table_.track(process).ledger.adopt(present.setting, present.before, present.written);
    return &present;
}

void Pipeline::restore(Instant now)
{
    catch_up();
    autogroups_.restore(session_tools());
    weights_.restore();
    for (const Pid pid : world_.source.list()) {
        if (!table_.find(pid))
            put_back_inherited(pid, now);
    }
    for (auto& [pid, tracked] : table_) {
        if (tracked.ledger.has_written())
            put_back(tracked, now);
    }
    lineage_ = {};
}

void Pipeline::put_back(TrackedProcess& tracked, Instant now)
{
    const auto handle = world_.source.open(tracked.process.key.pid);
    Snapshot process;
    if (handle && (*handle)->read(Fact::stat, process) && process.key == tracked.process.key)
        carry_out(**handle, process, {}, tracked.ledger, tools(), now);
}

/// Of a process that nothing was decided for because it has run no program of its own since it was forked.
void Pipeline::put_back_inherited(Pid pid, Instant now)
{
    const auto handle = world_.source.open(pid);
    Snapshot process;
    if (!handle || !(*handle)->read(Fact::stat | Fact::owner, process))
        return;
    Ledger ledger;
    for (const auto& one : lineage_.inheritance_of(process, **handle, Program::same, relatives()))
        ledger.adopt(one.setting, one.before, one.value);
    carry_out(**handle, process, {}, ledger, tools(), now);
}

}  // namespace priorityd
