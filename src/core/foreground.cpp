// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/foreground.hpp"

#include <utility>

namespace priorityd {
namespace {

/// Deeper trees exist only to annoy.
constexpr int kMostAncestors = 32;
/// Answers of processes that have ended are dropped with all others when there are so many.
constexpr std::size_t kMostAnswers = 4096;

/// The unit, where it is that of one application: others, such as a session's scope, hold programs of all kinds.
/// Source: systemd.io/DESKTOP_ENVIRONMENTS, "XDG standardization for applications".
std::optional<Unit> application_unit(const Snapshot& process)
{
    auto unit = leaf_unit_of(process.cgroup);
    return unit && unit->user && unit->name.starts_with("app-") ? unit : std::nullopt;
}

}  // namespace

void Foreground::set(const std::optional<ProcessKey>& process)
{
    answers_.clear();
    process_ = process;
    const auto seen = process ? look_at(process->pid, Fact::stat | Fact::cgroup) : std::nullopt;
    unit_ = seen && seen->key == *process ? application_unit(*seen) : std::nullopt;
}

std::optional<ProcessKey> Foreground::process() const
{
    const auto seen = process_ ? look_at(process_->pid, Fact::stat) : std::nullopt;
    return seen && seen->key == *process_ && !seen->is_zombie ? process_ : std::nullopt;
}

bool Foreground::contains(const ProcessKey& process)
{
    if (!process_)
        return false;
    if (const auto known = answers_.find(process); known != answers_.end())
        return known->second;
    if (answers_.size() >= kMostAnswers)
        answers_.clear();
    return answers_[process] = belongs(process);
}

bool Foreground::belongs(const ProcessKey& process) const
{
    auto seen = look_at(process.pid, Fact::stat | Fact::cgroup);
    if (!seen || seen->key != process)
        return false;
    if (unit_ && leaf_unit_of(seen->cgroup) == unit_)
        return true;
    for (int i = 0; i < kMostAncestors && seen && seen->key != *process_; ++i)
        seen = seen->parent > kInit ? look_at(seen->parent, Fact::stat) : std::nullopt;
    return seen && seen->key == *process_;
}

/// Empty when there is no such process.
std::optional<Snapshot> Foreground::look_at(Pid pid, FactSet wanted) const
{
    std::optional<Snapshot> process{std::in_place};
    const auto handle = source_.open(pid);
    if (!handle || !(*handle)->read(wanted, *process))
        process.reset();
    return process;
}

}  // namespace priorityd
