// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ledger.hpp"

#include <algorithm>
#include <utility>

namespace priorityd {

void Ledger::note(Setting setting, const Value& before, const Value& wanted, Outcome outcome)
{
    Entry& noted = entry(setting);
    const bool is_written = outcome.kind == Outcome::Kind::applied;
    noted.outcome = std::move(outcome);
    if (!is_written)
        return;
    if (!noted.written)
        noted.before = before;
    noted.written = wanted;
}

void Ledger::note(Setting setting, Outcome outcome)
{
    entry(setting).outcome = std::move(outcome);
}

void Ledger::remark(Setting setting, const std::string& detail)
{
    using enum Outcome::Kind;
    auto& outcome = entry(setting).outcome;
    if (outcome.kind == applied || outcome.kind == already_so || outcome.kind == dry_run)
        outcome.detail = detail;
}

void Ledger::hold(Setting setting, Outcome outcome, Instant now)
{
    Entry& held = entry(setting);
    held.outcome = std::move(outcome);
    if (!held.held_since)
        held.held_since = now;
}

void Ledger::adopt(Setting setting, Value before, Value written)
{
    Entry& adopted = entry(setting);
    adopted.before = std::move(before);
    adopted.written = std::move(written);
    adopted.outcome = {Outcome::Kind::already_so, {}};
    adopted.held_since.reset();
}

void Ledger::forget(Setting setting)
{
    std::erase_if(entries_, [&](const Entry& entry) { return entry.setting == setting; });
}

const Ledger::Entry* Ledger::find(Setting setting) const
{
    const auto found = std::ranges::find(entries_, setting, &Entry::setting);
    return found == entries_.end() ? nullptr : &*found;
}

SettingMap Ledger::written() const
{
    SettingMap map;
    for (const auto& entry : entries_) {
        if (entry.written)
            map.set(entry.setting, *entry.written);
    }
    return map;
}

bool Ledger::has_written() const
{
    return std::ranges::any_of(entries_, [](const Entry& entry) { return entry.written.has_value(); });
}

Ledger::Entry& Ledger::entry(Setting setting)
{
    const auto found = std::ranges::find(entries_, setting, &Entry::setting);
    if (found != entries_.end())
        return *found;
    return entries_.emplace_back(
        Entry{.setting = setting, .before = {}, .written = {}, .outcome = {}, .held_since = {}});
}

}  // namespace priorityd
