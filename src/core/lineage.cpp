// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/lineage.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/cpu_goal.hpp"
#include "core/names.hpp"

namespace priorityd {
namespace {

/// Deeper trees exist only to annoy.
constexpr int kMostLevels = 32;
/// One for each session, cgroup and set of values, so this is a day of work on a desktop.
constexpr std::size_t kMostPast = 128;
/// Earlier values of one process that its children may still have.
constexpr std::size_t kMostFormer = 8;

constexpr const char* kEarlier = "an earlier priorityd";

/// Who gave a value in the first place: it may have come along to this process too.
std::string source_of(const TrackedProcess& process, Setting setting)
{
    const auto* winner = process.decision.winner(setting);
    return winner ? winner->source : std::string{kEarlier};
}

/// The values of the bequest that the process really has.
std::vector<Inherited> taken(const Bequest& bequest, ProcessHandle& handle, const Relatives& relatives)
{
    std::vector<Inherited> inherited;
    for (const auto& item : bequest.items) {
        const auto now = handle.actual(item.setting);
        const bool is_explained = std::ranges::find(inherited, item.setting, &Inherited::setting) != inherited.end();
        if (now && !is_explained && is_as_written(*now, item.written, handle, relatives.machine))
            inherited.push_back({.setting = item.setting,
                                 .value = item.written,
                                 .before = item.before,
                                 .present = item.present,
                                 .from = bequest.from,
                                 .from_name = bequest.name,
                                 .source = item.source,
                                 .children = bequest.children});
    }
    return inherited;
}

/// Nobody is started by a process that is younger.
bool is_older(const ProcessKey& parent, const Snapshot& child)
{
    return parent.start_ticks <= child.key.start_ticks;
}

bool has_same_priority(const Snapshot& left, const Snapshot& right)
{
    return left.nice == right.nice && left.sched == right.sched;
}

/// False where the parent has only adopted the process: nobody gets into a session that his parent is not in, except by
/// making it. Source: setsid(2).
bool is_true_child(const Snapshot& process, const Snapshot& parent)
{
    const bool made_session = process.session == raw(process.key.pid);
    return process.session == parent.session || made_session;
}

std::string cgroup_of(ProcessHandle& handle)
{
    Snapshot process;
    return handle.read(Fact::cgroup, process) ? process.cgroup : std::string{};
}

/// The root holds everything that nobody has put anywhere, so being there together tells nothing.
bool is_same_cgroup(const std::string& left, const std::string& right)
{
    return left == right && !left.empty() && left != "/";
}

/// What the program that a process runs from now on has from the one that it ran before, or that one from others.
std::vector<Inherited> from_itself(const TrackedProcess& process, ProcessHandle& handle, const Relatives& relatives)
{
    auto inherited = taken(Lineage::bequest_of(process), handle, relatives);
    for (auto& one : inherited) {
        const auto& earlier = process.process.inherited;
        const auto same = std::ranges::find_if(
            earlier, [&](const Inherited& other) { return other.setting == one.setting && other.value == one.value; });
        if (same != earlier.end())
            one = *same;
    }
    return inherited;
}

/// Whether it runs the program that it was decided for. One that execs itself counts as the same too: there is nothing
/// that it could have from another one.
bool is_still(const TrackedProcess& decided, const Snapshot& process)
{
    return decided.is_starting || (decided.process.exe == process.exe && decided.process.names == process.names);
}

void keep(Bequest bequest, std::deque<Bequest>& latest_first)
{
    latest_first.push_front(std::move(bequest));
    if (latest_first.size() > kMostPast)
        latest_first.pop_back();
}

/// Whether the process that it came along from would still be given it, or something else by now, which it follows to.
bool still_holds(Inherited& one, const ProcessKey& heir, const Relatives& relatives)
{
    if (one.from == heir)
        return relatives.overrides.is_in_force(one.source);
    const auto* parent = relatives.table.find(one.from.pid);
    if (parent && parent->process.key == one.from) {
        const auto* entry = parent->ledger.find(one.setting);
        if (!entry || !entry->written || (entry->written == entry->before && !(entry->written == one.value)))
            return false;
        one.present = *entry->written;
        one.source = source_of(*parent, one.setting);
        return true;
    }
    if (!relatives.overrides.is_in_force(one.source))
        return false;
    // Either it has ended, and its children keep what they have, or it lives and nothing is decided for it any more.
    const auto handle = relatives.source.open(one.from.pid);
    Snapshot process;
    return !(handle && (*handle)->read(Fact::stat, process) && process.key == one.from);
}

}  // namespace

void Bequest::add_former(const Original& original)
{
    if (original.before == original.written)
        return;
    items.insert(items.begin(), {.setting = original.setting,
                                 .before = original.before,
                                 .written = original.written,
                                 .present = original.before,
                                 .source = kEarlier});
}

Bequest Lineage::empty_bequest_of(const Snapshot& process)
{
    return {.from = process.key,
            .name = std::string{public_name(process)},
            .uid = process.uid,
            .session = process.session,
            .cgroup = process.cgroup,
            .items = {},
            .children = {}};
}

Bequest Lineage::bequest_of(const TrackedProcess& process)
{
    Bequest bequest = empty_bequest_of(process.process);
    for (const auto& entry : process.ledger.entries()) {
        const bool is_changed = entry.written && entry.before && !(*entry.written == *entry.before);
        if (is_changed && !entry.held_since)
            bequest.items.push_back({.setting = entry.setting,
                                     .before = *entry.before,
                                     .written = *entry.written,
                                     .present = *entry.written,
                                     .source = source_of(process, entry.setting)});
    }
    const auto settings = process.decision.effective();
    if (const auto* children = find_value<ChildrenPolicy>(settings, Setting::children))
        bequest.children = *children;
    return bequest;
}

void Lineage::note_change(TrackedProcess& process, const Bequest& until_now)
{
    note_former(process, until_now);
    for (auto& one : process.process.inherited)
        one.value = one.present;
    const auto& entries = process.ledger.entries();
    const auto is_written = [](const Ledger::Entry& entry) { return entry.written && entry.written != entry.before; };
    const auto is_seen = [&](const Ledger::Entry& entry) {
        return is_written(entry) && (entry.setting == Setting::nice || entry.setting == Setting::sched);
    };
    if (std::ranges::any_of(entries, is_written) && std::ranges::none_of(entries, is_seen))
        unseen_.insert(process.process.key.pid);
    else
        unseen_.erase(process.process.key.pid);
}

/// What it had, or had from others, and has no more: those that it forked meanwhile have it still.
void Lineage::note_former(const TrackedProcess& process, const Bequest& until_now)
{
    auto had = until_now.items;
    for (const auto& one : process.process.inherited)
        had.push_back({.setting = one.setting,
                       .before = one.before,
                       .written = one.value,
                       .present = one.value,
                       .source = one.source});
    for (auto& item : had) {
        const auto* entry = process.ledger.find(item.setting);
        if (entry && entry->written == item.written && !entry->held_since)
            continue;
        auto& former = former_[process.process.key.pid];
        std::erase_if(former, [&](const Bequest::Item& known) {
            return known.setting == item.setting && known.written == item.written;
        });
        former.insert(former.begin(), std::move(item));
        if (former.size() > kMostFormer)
            former.pop_back();
    }
}

void Lineage::adopt(Bequest earlier, const ProcessTable& table)
{
    if (earlier.items.empty())
        return;
    if (table.find(earlier.from.pid))
        former_[earlier.from.pid] = std::move(earlier.items);
    else
        keep(std::move(earlier), released_);
}

std::vector<Original> Lineage::originals(const ProcessTable& table) const
{
    std::vector<Original> originals;
    const auto add = [&](const ProcessKey& process, const std::vector<Bequest::Item>& latest_first) {
        std::for_each(latest_first.rbegin(), latest_first.rend(), [&](const Bequest::Item& item) {
            originals.push_back({process, item.setting, item.before, item.written});
        });
    };
    for (const auto& [pid, items] : former_) {
        if (const auto* tracked = table.find(pid))
            add(tracked->process.key, items);
    }
    std::for_each(released_.rbegin(), released_.rend(), [&](const Bequest& bequest) {
        add(bequest.from, bequest.items);
        for (const auto& item : bequest.items)
            originals.push_back({bequest.from, item.setting, item.before, item.before});
    });
    return originals;
}

std::vector<Bequest::Item> Lineage::take_former(Pid pid)
{
    auto node = former_.extract(pid);
    return node ? std::move(node.mapped()) : std::vector<Bequest::Item>{};
}

void Lineage::note_release(const TrackedProcess& process, const Bequest& until_now)
{
    note_former(process, until_now);
    unseen_.erase(process.process.key.pid);
    auto bequest = until_now;
    bequest.items = take_former(process.process.key.pid);
    if (bequest.items.empty())
        return;
    for (auto& item : bequest.items)
        item.present = item.before;
    keep(std::move(bequest), released_);
}

void Lineage::note_end(const TrackedProcess& process)
{
    unseen_.erase(process.process.key.pid);
    auto bequest = bequest_of(process);
    std::ranges::move(take_former(process.process.key.pid), std::back_inserter(bequest.items));
    if (bequest.items.empty())
        return;
    const auto is_same = [&](const Bequest& known) {
        return known.uid == bequest.uid && known.session == bequest.session && known.cgroup == bequest.cgroup &&
               known.items == bequest.items;
    };
    if (std::ranges::any_of(ended_, is_same))
        return;
    keep(std::move(bequest), ended_);
}

void Lineage::note_unseen_end(const TrackedProcess& process, std::uint64_t ticks)
{
    auto bequest = bequest_of(process);
    bequest.last_child = ticks;
    if (!bequest.items.empty())
        keep(std::move(bequest), ended_unseen_);
}

/// With what it had earlier, of which it has something else by now.
Bequest Lineage::full_bequest_of(const TrackedProcess& process) const
{
    auto bequest = bequest_of(process);
    const auto former = former_.find(process.process.key.pid);
    if (former == former_.end())
        return bequest;
    for (auto item : former->second) {
        const auto* entry = process.ledger.find(item.setting);
        item.present = entry && entry->written ? *entry->written : item.before;
        bequest.items.push_back(std::move(item));
    }
    return bequest;
}

std::vector<Inherited> Lineage::from_released(const ProcessKey& parent, ProcessHandle& handle,
                                              const Relatives& relatives) const
{
    const auto released = std::ranges::find(released_, parent, &Bequest::from);
    return released == released_.end() ? std::vector<Inherited>{} : taken(*released, handle, relatives);
}

bool Lineage::may_inherit(const Snapshot& process, const ProcessTable& table) const
{
    const bool is_usual = process.nice == Nice::make(0) && process.sched == SchedPolicy{};
    return !is_usual || !unseen_.empty() || table.find(process.parent);
}

std::vector<Inherited> Lineage::inheritance_of(const Snapshot& process, ProcessHandle& handle, Program program,
                                               const Relatives& relatives) const
{
    const auto* tracked = relatives.table.find(process.key.pid);
    // What an earlier priorityd has left has an owner, but nothing is decided for it yet.
    const bool is_decided = tracked && tracked->process.key == process.key && !tracked->decision.empty();
    if (!is_decided)
        return may_inherit(process, relatives.table) ? from_ancestors(process, handle, relatives)
                                                     : std::vector<Inherited>{};
    const bool is_another = program == Program::another && !is_still(*tracked, process);
    auto inherited = is_another ? from_itself(*tracked, handle, relatives) : tracked->process.inherited;
    std::erase_if(inherited, [&](Inherited& one) { return !still_holds(one, process.key, relatives); });
    return inherited;
}

std::vector<Inherited> Lineage::from_ancestors(const Snapshot& child, ProcessHandle& handle,
                                               const Relatives& relatives) const
{
    Snapshot process = child;
    for (int level = 0; level < kMostLevels && process.parent > kInit; ++level) {
        const auto* changed = relatives.table.find(process.parent);
        if (changed && is_older(changed->process.key, child))
            return taken(full_bequest_of(*changed), handle, relatives);
        Snapshot parent;
        const auto opened = relatives.source.open(process.parent);
        if (!opened || !(*opened)->read(Fact::stat | Fact::owner, parent) || !is_older(parent.key, child))
            break;
        if (auto inherited = from_released(parent.key, handle, relatives); !inherited.empty())
            return inherited;
        if (!has_same_priority(parent, child)) {
            if (is_true_child(process, parent))
                return {};  // so somebody has changed it below the parent, and it was not priorityd
            break;
        }
        process = std::move(parent);
    }
    return from_session_or_cgroup(process, handle, relatives);
}

/// Whoever has started it is gone, and somebody else has adopted it. `orphan`: the process, or one above it that was
/// not changed by priorityd.
std::vector<Inherited> Lineage::from_session_or_cgroup(const Snapshot& orphan, ProcessHandle& handle,
                                                       const Relatives& relatives) const
{
    const std::string cgroup = cgroup_of(handle);
    for (const auto& [pid, tracked] : relatives.table) {
        const Snapshot& other = tracked.process;
        if (other.uid != orphan.uid || pid == orphan.key.pid || !is_older(other.key, orphan))
            continue;
        const auto opened = other.session == orphan.session ? nullptr : relatives.source.open(pid).value_or(nullptr);
        if (other.session != orphan.session && !(opened && is_same_cgroup(cgroup_of(*opened), cgroup)))
            continue;
        if (auto inherited = taken(full_bequest_of(tracked), handle, relatives); !inherited.empty())
            return inherited;
    }
    const auto is_near = [&](const Bequest& bequest) {
        if (bequest.last_child)
            return orphan.key.start_ticks <= *bequest.last_child;
        return bequest.uid == orphan.uid &&
               (bequest.session == orphan.session || is_same_cgroup(bequest.cgroup, cgroup));
    };
    for (const auto* past : {&ended_, &ended_unseen_, &released_}) {
        for (const auto& bequest : *past) {
            if (!is_near(bequest) || !is_older(bequest.from, orphan))
                continue;
            if (auto inherited = taken(bequest, handle, relatives); !inherited.empty())
                return inherited;
        }
    }
    return {};
}

}  // namespace priorityd
